(* Weights as certificates hold them, H_1, W_1, ..., W_L as integer matrices over one denominator each, and their output
   computed inside the kernel. Layers narrower than the widest are padded with zeros. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Definition layer := (Z * rows)%type.  (* denominator, rows *)
Record factors := Factors { first : layer; middle : seq layer; final : layer }.
Definition nolayer : layer := (Zpos xH, [::]).

(* the sizes fit: H_1 has K columns, every matrix as many columns as the one before has rows, W_L has K rows *)
Fixpoint chained k (ws : seq layer) : option nat :=
  if ws is w :: ws' then if all (fun r => size r == k) w.2 then chained (size w.2) ws' else None else Some k.
Definition fits K (f : factors) : bool :=
  [&& all (fun r => size r == K) (first f).2, Z.ltb 0 (first f).1, all (fun w => Z.ltb 0 w.1) (middle f),
      Z.ltb 0 (final f).1 & if chained (size (first f).2) (middle f) is Some k then shape K k (final f).2 else false].
Definition width (f : factors) : nat := foldr maxn (size (first f).2) [seq size w.2 | w <- middle f].
Definition denominator (f : factors) : Z := Z.mul (zprod ((first f).1 :: [seq w.1 | w <- middle f])) (final f).1.
Definition zoutput K (f : factors) : rows :=
  zmul (final f).2 (foldl (fun C w => zrelu (zmul w.2 C)) (zcolumns K (first f).2) (middle f)).

Local Open Scope ring_scope.

Section Meaning.
Variables (R : rcfType) (K : nat) (f : factors).
Hypothesis ok : fits K f.
Notation sq := (@sqnorm R _ _).
Notation w := (width f).
Notation D := (size (middle f)).
Let getl l := nth nolayer (middle f) l.

Definition over m n (x : layer) : 'M[R]_(m, n) := (zR R x.1)^-1 *: mx R m n x.2.
Definition fX : 'M[R]_(w, K) := over w K (first f).
Definition fW l : 'M[R]_w := over w w (getl l).
Definition fV : 'M[R]_(K, w) := over K w (final f).

Lemma chainedP k ws k' v : chained k ws = Some k' -> (k <= v)%N -> all (fun x : layer => size x.2 <= v)%N ws ->
  all (fun x : layer => all (fun r => size r <= v)%N x.2) ws /\ (k' <= v)%N.
Proof.
elim: ws k => [|x ws IH] k /=; first by case=> <-.
case: ifP => // /allP hx /IH {}IH kv /andP [xv wsv]; have [-> ->] := IH xv wsv.
by split=> //; rewrite andbT; apply/allP => r /hx /eqP ->.
Qed.
Lemma width_ge : (size (first f).2 <= w)%N /\ all (fun x : layer => size x.2 <= w)%N (middle f).
Proof.
rewrite /width; elim: (middle f) => [|x ws [IH1 IH2]] //=.
split; first exact: leq_trans IH1 (leq_maxr _ _).
rewrite leq_maxl /=; apply/allP => y /(allP IH2) h; exact: leq_trans h (leq_maxr _ _).
Qed.
Lemma sizes : [/\ all (fun r => size r <= K)%N (first f).2,
  all (fun x : layer => all (fun r => size r <= w)%N x.2) (middle f),
  (size (final f).2 <= K)%N & all (fun r => size r <= w)%N (final f).2].
Proof.
case/and5P: ok => h1 _ _ _; case E: chained => [k|] // /andP [/eqP -> h2].
have [wf wm] := width_ge; have [h3 h4] := chainedP E wf wm; split=> //.
  by apply/allP => r /(allP h1) /eqP ->.
by apply/allP => r /(allP h2) /eqP ->.
Qed.
Lemma dens : [/\ 0 < zR R (first f).1, forall l, 0 < zR R (getl l).1 & 0 < zR R (final f).1].
Proof.
case/and5P: ok => _ /(zR_lt R) h1 /allP h2 /(zR_lt R) h3 _; split=> // l.
rewrite /getl; have [lD|lD] := ltnP l D; last by rewrite nth_default // ltr01.
by apply: (zR_lt _ (x := Z0)); apply: h2; apply: mem_nth.
Qed.
Lemma getl_rows l : all (fun r => size r <= w)%N (getl l).2.
Proof.
have [_ /allP h _ _] := sizes; rewrite /getl; have [lD|lD] := ltnP l D; last by rewrite nth_default.
by apply: h; apply: mem_nth.
Qed.
Lemma getl_size l : (size (getl l).2 <= w)%N.
Proof.
have [_ /allP h] := width_ge; rewrite /getl; have [lD|lD] := ltnP l D; last by rewrite nth_default.
by apply: h; apply: mem_nth.
Qed.

Lemma sq_over m n (x : layer) : (size x.2 <= m)%N -> all (fun r => size r <= n)%N x.2 ->
  sq (over m n x) = zR R (zsq x.2) / zR R x.1 ^+ 2.
Proof. by move=> h1 h2; rewrite /over sqZ mx_sq // mulrC exprVn. Qed.
Lemma sq_fX : sq fX = zR R (zsq (first f).2) / zR R (first f).1 ^+ 2.
Proof. by apply: sq_over; [case: width_ge | case: sizes]. Qed.
Lemma sq_fW l : sq (fW l) = zR R (zsq (getl l).2) / zR R (getl l).1 ^+ 2.
Proof. by apply: sq_over; [apply: getl_size | apply: getl_rows]. Qed.
Lemma sq_fV : sq fV = zR R (zsq (final f).2) / zR R (final f).1 ^+ 2.
Proof. by apply: sq_over; case: sizes. Qed.

Let Z_feature l := foldl (fun C w => zrelu (zmul w.2 C)) (zcolumns K (first f).2) (take l (middle f)).
Lemma feature_Z l : (l <= D)%N ->
  feature (d := fun=> w) (fun l => mx R w w (getl l).2) (mx R w K (first f).2) l = mxc R w K (Z_feature l).
Proof.
rewrite /Z_feature; elim: l => [|l IH] lD; first by rewrite take0 /= mxc_columns.
rewrite (take_nth nolayer) // foldl_rcons /= mxc_relu (@mxc_mul R w w K) ?IH ?(ltnW lD) //.
exact: getl_rows.
Qed.

Lemma denE : zR R (denominator f) = zR R (first f).1 * (\prod_(l < D) zR R (getl l).1) * zR R (final f).1.
Proof.
rewrite zRM zR_prod big_cons big_map (big_nth nolayer) big_mkord //.
Qed.
Lemma den_gt0 : 0 < zR R (denominator f).
Proof.
by have [h1 h2 h3] := dens; rewrite denE !mulr_gt0 // prodr_gt0.
Qed.

Theorem output_over : fV *m feature (d := fun=> w) fW fX D = (zR R (denominator f))^-1 *: mxc R K K (zoutput K f).
Proof.
have [h1 h2 h3] := dens; rewrite /fV /fX /over.
rewrite (feature_scaled (d := fun=> w) _ _ (w := fun l => (zR R (getl l).1)^-1)) ?invr_ge0 ?ltW // => [|l]; last by rewrite invr_ge0 ltW.
rewrite feature_Z // /Z_feature take_size -scalemxAl -scalemxAr scalerA /zoutput (@mxc_mul R K w K); last by case: sizes.
by rewrite denE prodfV !invfM; congr (_ *: _); rewrite mulrC.
Qed.
End Meaning.
