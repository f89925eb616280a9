(* Fractions of integers, computed with inside the kernel, and what they mean in R. They are never reduced. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Definition frac := (Z * Z)%type.   (* numerator, denominator *)
Definition fpos (x : frac) := Z.ltb 0 x.1 && Z.ltb 0 x.2.
Definition fadd (x y : frac) : frac := (Z.add (Z.mul x.1 y.2) (Z.mul y.1 x.2), Z.mul x.2 y.2).
Definition fmul (x y : frac) : frac := (Z.mul x.1 y.1, Z.mul x.2 y.2).
Definition fsub (x y : frac) : frac := (Z.sub (Z.mul x.1 y.2) (Z.mul y.1 x.2), Z.mul x.2 y.2).
Definition flt (x y : frac) := Z.ltb (Z.mul x.1 y.2) (Z.mul y.1 x.2).
Definition fle (x y : frac) := Z.leb (Z.mul x.1 y.2) (Z.mul y.1 x.2).
Definition fpow (x : frac) n : frac := (zpow x.1 n, zpow x.2 n).
Definition fnat n : frac := (Z.of_nat n, Zpos xH).
Definition half : frac := (Zpos xH, Zpos (xO xH)).
Definition fsum (s : seq frac) : frac := foldr fadd (Z0, Zpos xH) s.
Definition fprod (s : seq frac) : frac := foldr fmul (Zpos xH, Zpos xH) s.

Local Open Scope ring_scope.

Section Meaning.
Variable R : rcfType.
Notation zR := (@zR R).
Definition fR (x : frac) : R := zR x.1 / zR x.2.
Definition fok (x : frac) := 0 < zR x.2.

Lemma fR_add x y : fok x -> fok y -> fR (fadd x y) = fR x + fR y.
Proof.
rewrite /fok /fR /fadd /= zRD !zRM; move: (zR x.1) (zR x.2) (zR y.1) (zR y.2) => a b e f hb hf.
by field; rewrite !gt_eqF.
Qed.
Lemma fR_sub x y : fok x -> fok y -> fR (fsub x y) = fR x - fR y.
Proof.
rewrite /fok /fR /fsub /fst /snd -/(fst _) zRB !zRM; move: (zR x.1) (zR x.2) (zR y.1) (zR y.2) => a b e f hb hf.
by field; rewrite !gt_eqF.
Qed.
Lemma fok_mul x y : fok x -> fok y -> fok (fmul x y).
Proof. by rewrite /fok /= zRM => hx hy; apply: mulr_gt0. Qed.
Lemma fok_add x y : fok x -> fok y -> fok (fadd x y). Proof. exact: fok_mul. Qed.
Lemma fok_sub x y : fok x -> fok y -> fok (fsub x y). Proof. exact: fok_mul. Qed.
Lemma fR_mul x y : fR (fmul x y) = fR x * fR y.
Proof. by rewrite /fR /fmul /= !zRM invfM mulrACA. Qed.
Lemma fR_pow x k : fR (fpow x k) = fR x ^+ k.
Proof. by rewrite /fR /fpow /= !zR_pow expr_div_n. Qed.
Lemma fok_pow x k : fok x -> fok (fpow x k).
Proof. by rewrite /fok /= zR_pow => hx; apply: exprn_gt0. Qed.
Lemma fR_nat k : fR (fnat k) = k%:R.
Proof. by rewrite /fR /= zR_nat zR1 divr1. Qed.
Lemma fok_nat k : fok (fnat k). Proof. by rewrite /fok /= zR1 ltr01. Qed.
Lemma fR_half : fR half = 2^-1. Proof. by rewrite /fR /= zR1 mul1r. Qed.
Lemma fok_half : fok half. Proof. exact: zR_pos. Qed.
Lemma flt_R x y : fok x -> fok y -> flt x y -> fR x < fR y.
Proof.
rewrite /fok /fR => hx hy /(zR_lt R); rewrite !zRM => h.
by rewrite ltr_pdivr_mulr // mulrAC ltr_pdivl_mulr.
Qed.
Lemma fle_R x y : fok x -> fok y -> fle x y -> fR x <= fR y.
Proof.
rewrite /fok /fR => hx hy /(zR_le R); rewrite !zRM => h.
by rewrite ler_pdivr_mulr // mulrAC ler_pdivl_mulr.
Qed.
Lemma fpos_R x : fpos x -> 0 < fR x /\ fok x.
Proof. by case/andP => /(zR_lt R) h1 /(zR_lt R) h2; split=> //; apply: divr_gt0. Qed.
Lemma fsumP s : (forall x, x \in s -> fok x) -> fok (fsum s) /\ fR (fsum s) = \sum_(x <- s) fR x.
Proof.
elim: s => [|x s IH] h /=; first by rewrite big_nil /fok /fR /= zR1 mul0r ltr01.
have hx : fok x by apply: h; rewrite mem_head.
have [h1 h2] := IH (fun y ys => h y (mem_behead (s := x :: s) ys)).
by rewrite big_cons -h2 fR_add //; split=> //; apply: fok_add.
Qed.
Lemma fprodP s : all fpos s -> fok (fprod s) /\ fR (fprod s) = \prod_(x <- s) fR x.
Proof.
elim: s => [_|x s IH] /=; first by rewrite big_nil /fok /fR /= zR1 divr1 ltr01.
case/andP => /fpos_R [_ hx] /IH [h1 h2]; rewrite big_cons -h2 fR_mul; split=> //; exact: fok_mul.
Qed.
End Meaning.
