(* Integer matrices as lists of rows, computed with inside the kernel, and what they mean as matrices over R. Products are
   kept as lists of columns. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Definition rows := seq (seq Z).
Definition entry (A : rows) i j : Z := nth Z0 (nth [::] A i) j.
Definition shape m n (A : rows) : bool := (size A == m) && all (fun r => size r == n) A.

Fixpoint zdot (r c : seq Z) : Z := if r is x :: r' then if c is y :: c' then Z.add (Z.mul x y) (zdot r' c') else Z0 else Z0.
Definition zsum (s : seq Z) : Z := foldr Z.add Z0 s.
Definition zprod (s : seq Z) : Z := foldr Z.mul (Zpos xH) s.
Definition zpow (x : Z) n : Z := iter n (Z.mul x) (Zpos xH).
Definition zsq (A : rows) : Z := zsum [seq zdot r r | r <- A].
Definition zcolumns n (A : rows) : rows := mkseq (fun j => [seq nth Z0 r j | r <- A]) n.
Definition zmul (A columns : rows) : rows := [seq [seq zdot r c | r <- A] | c <- columns].
Definition zrelu (columns : rows) : rows := [seq [seq Z.max 0 x | x <- c] | c <- columns].
(* the columns of a K x K matrix less x I *)
Definition zless K (columns : rows) (x : Z) : rows :=
  mkseq (fun j => mkseq (fun i => if i == j then Z.sub (entry columns j i) x else entry columns j i) K) K.

Local Open Scope ring_scope.

Section Meaning.
Variable R : rcfType.
Notation sq := (@sqnorm R _ _).
Definition zR (z : Z) : R := (int_of_Z z)%:~R.
Lemma zRD x y : zR (Z.add x y) = zR x + zR y.
Proof. by rewrite /zR -rmorphD /= -(rmorphD ZInstances.int_of_Z_rmorphism). Qed.
Lemma zRM x y : zR (Z.mul x y) = zR x * zR y.
Proof. by rewrite /zR -rmorphM /= -(rmorphM ZInstances.int_of_Z_rmorphism). Qed.
Lemma zRN x : zR (Z.opp x) = - zR x.
Proof. by rewrite /zR -rmorphN /= -(rmorphN ZInstances.int_of_Z_rmorphism). Qed.
Lemma zRB x y : zR (Z.sub x y) = zR x - zR y.
Proof. by rewrite -[Z.sub x y]/(Z.add x (Z.opp y)) zRD zRN. Qed.
Lemma zR0 : zR Z0 = 0. Proof. by []. Qed.
Lemma zR1 : zR (Zpos xH) = 1. Proof. by []. Qed.
Lemma zR_pos p : 0 < zR (Zpos p).
Proof. by rewrite /zR /= -pmulrn ltr0n; apply/ssrnat.ltP; apply: Pos2Nat.is_pos. Qed.
Lemma zR_lt x y : Z.ltb x y -> zR x < zR y.
Proof.
move=> /Z.ltb_lt /Z.lt_0_sub; case E: (Z.sub y x) => [|p|p] // _.
have -> : y = Z.add x (Z.sub y x) by rewrite Z.add_comm Z.sub_add.
by rewrite zRD E ltr_addl zR_pos.
Qed.
Lemma zR_le x y : Z.leb x y -> zR x <= zR y.
Proof. move=> /Z.leb_le /Z.lt_eq_cases [/Z.ltb_lt h|->//]; exact: ltW (zR_lt h). Qed.
Lemma zR_max x : zR (Z.max 0 x) = Num.max 0 (zR x).
Proof.
case: x => [|p|p]; first by rewrite /= max_r.
  by rewrite /= max_r // ltW // zR_pos.
by rewrite /= max_l // /zR lerz0.
Qed.
Lemma zR_nat k : zR (Z.of_nat k) = k%:R.
Proof. by elim: k => // k IH; rewrite Nat2Z.inj_succ -Z.add_1_r zRD IH mulrSr. Qed.
Lemma zR_pow x k : zR (zpow x k) = zR x ^+ k.
Proof. by elim: k => //= k IH; rewrite exprS -IH -zRM. Qed.
Lemma zR_prod s : zR (zprod s) = \prod_(x <- s) zR x.
Proof. by elim: s => [|x s IH] /=; rewrite ?big_nil // big_cons zRM IH. Qed.
Lemma zR_sum s : zR (zsum s) = \sum_(x <- s) zR x.
Proof. by elim: s => [|x s IH] /=; rewrite ?big_nil // big_cons zRD IH. Qed.

Lemma zdotE k r c : (size r <= k)%N -> zR (zdot r c) = \sum_(l < k) zR (nth Z0 r l) * zR (nth Z0 c l).
Proof.
have z0 k' (f g : nat -> R) : (forall l, f l = 0 \/ g l = 0) -> 0 = \sum_(l < k') f l * g l.
  by move=> h; rewrite big1 // => l _; case: (h l) => ->; rewrite ?mul0r ?mulr0.
elim: k r c => [|k IH] [|x r] c // h; first by rewrite big_ord0.
  by apply: (z0 _ (fun l => zR (nth Z0 [::] l)) (fun l => zR (nth Z0 c l))) => l; left; rewrite nth_nil.
case: c => [|y c]; first by apply: (z0 _ (fun l => zR (nth Z0 (x :: r) l)) (fun l => zR (nth Z0 [::] l))) => l; right; rewrite nth_nil.
by rewrite big_ord_recl /= zRD zRM (IH _ c).
Qed.

Definition mx m n (A : rows) : 'M[R]_(m, n) := \matrix_(i, j) zR (entry A i j).
(* the matrix with these columns *)
Definition mxc m n (C : rows) : 'M[R]_(m, n) := \matrix_(i, j) zR (entry C j i).

Lemma nth_map0 (T : Type) (x0 : T) (f : T -> Z) s i : f x0 = Z0 -> nth Z0 (map f s) i = f (nth x0 s i).
Proof. by move=> f0; elim: s i => [|x s IH] [|i] //=. Qed.
Lemma zdot_nil c : zdot [::] c = Z0. Proof. by []. Qed.
Lemma zdot_nilr r : zdot r [::] = Z0. Proof. by case: r. Qed.
Lemma entry_zmul A C i j : entry (zmul A C) j i = zdot (nth [::] A i) (nth [::] C j).
Proof.
rewrite /entry /zmul; have [jC|jC] := ltnP j (size C).
  by rewrite (nth_map [::]) // (nth_map0 (x0 := [::])).
by rewrite [nth [::] [seq _ | _ <- C] j]nth_default ?size_map // nth_nil [nth [::] C j]nth_default // zdot_nilr.
Qed.
Lemma mxc_mul m k n A C : all (fun r => size r <= k)%N A -> mxc m n (zmul A C) = mx m k A *m mxc k n C.
Proof.
move=> /allP hA; apply/matrixP => i j; rewrite !mxE entry_zmul (zdotE (k := k)).
  by apply: eq_bigr => l _; rewrite !mxE.
have [iA|iA] := ltnP i (size A); first by apply: hA; apply: mem_nth.
by rewrite nth_default.
Qed.
Lemma mxc_relu m n C : mxc m n (zrelu C) = relu (mxc m n C).
Proof.
apply/matrixP => i j; rewrite !mxE -zR_max; congr zR; rewrite /entry /zrelu.
have [jC|jC] := ltnP j (size C); first by rewrite (nth_map [::]) // (nth_map0 (x0 := Z0)).
by rewrite [nth [::] [seq _ | _ <- C] j]nth_default ?size_map // [nth [::] C j]nth_default // !nth_nil.
Qed.
Lemma mxc_columns m n A : mxc m n (zcolumns n A) = mx m n A.
Proof.
apply/matrixP => i j; rewrite !mxE /entry /zcolumns nth_mkseq // (nth_map0 (x0 := [::])) //.
by rewrite nth_nil.
Qed.
Lemma mxc_less K C x : mxc K K (zless K C x) = mxc K K C - (zR x)%:M.
Proof.
apply/matrixP => i j; rewrite !mxE {1}/entry /zless nth_mkseq // nth_mkseq // val_eqE.
by case: (i == j); rewrite ?zRB ?mulr1n ?mulr0n ?subr0.
Qed.

Lemma sum_nth (T : Type) (x0 : T) (f : T -> R) s m : (size s <= m)%N -> f x0 = 0 ->
  \sum_(i < m) f (nth x0 s i) = \sum_(x <- s) f x.
Proof.
move=> sm f0; elim: s m sm => [|x s IH] [|m] //= sm; rewrite ?big_nil ?big_ord0 //.
  by rewrite big1 // => i _; rewrite nth_nil.
by rewrite big_ord_recl big_cons /= IH.
Qed.
Lemma mx_sq m n A : (size A <= m)%N -> all (fun r => size r <= n)%N A -> sq (mx m n A) = zR (zsq A).
Proof.
move=> sA /allP hA; rewrite /zsq zR_sum big_map -(sum_nth (x0 := [::]) sA) //; apply: eq_bigr => i _.
rewrite (zdotE (k := n)); first by apply: eq_bigr => j _; rewrite mxE expr2.
have [iA|iA] := ltnP i (size A); first by apply: hA; apply: mem_nth.
by rewrite nth_default.
Qed.
Lemma mxcT m n C : mxc m n C = (mx n m C)^T.
Proof. by apply/matrixP => i j; rewrite !mxE. Qed.
Lemma zless_sq K C x : sq (mxc K K C - (zR x)%:M) = zR (zsq (zless K C x)).
Proof.
rewrite -mxc_less mxcT sq_tr mx_sq ?size_mkseq //.
by apply/allP => r /mapP [j _ ->]; rewrite size_mkseq.
Qed.
Lemma zless_0 K C x : all (all (fun y => y == Z0)) (zless K C x) -> mxc K K C = (zR x)%:M.
Proof.
move=> /allP h; apply/eqP; rewrite -subr_eq0 -mxc_less; apply/eqP/matrixP => i j; rewrite !mxE /entry.
have jK : (j < size (zless K C x))%N by rewrite size_mkseq.
have := h _ (mem_nth [::] jK); rewrite nth_mkseq // => /allP h2.
suff /eqP -> : nth Z0 (mkseq (fun k => if k == j then Z.sub (entry C j k) x else entry C j k) K) i == Z0 by [].
by apply: h2; apply: mem_nth; rewrite size_mkseq.
Qed.
End Meaning.
