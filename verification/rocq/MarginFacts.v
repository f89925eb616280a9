(* Margin losses exist: a sum over the other classes of a convex function of the margin that does not grow, such as the
   squared hinge. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sums.
Variables (R : rcfType) (K : nat) (h : R -> R).
Hypotheses (cvx : forall a x y, 0 <= a <= 1 -> h (a * x + (1 - a) * y) <= a * h x + (1 - a) * h y).
Hypotheses (down : forall x y, x <= y -> h y <= h x).
Definition margin_sum (k : 'I_K) (z : 'cV[R]_K) : R := \sum_(j | j != k) h (z k 0 - z j 0).

Theorem margin_sum_loss : margin_loss margin_sum.
Proof.
split=> [k a x y a01|s k z|k x y le].
- rewrite /margin_sum !mulr_sumr -big_split; apply: ler_sum => j _ /=; apply: le_trans (cvx _ _ a01).
  by apply: eqW; congr h; rewrite !mxE !mulrBr opprD addrACA.
- rewrite /margin_sum (reindex_inj (@perm_inj _ s)) /=; apply: eq_big => [j|j _]; first by rewrite (inj_eq perm_inj).
  by rewrite !mxE.
- by apply: ler_sum => j _; apply: down.
Qed.
End Sums.

Section SquaredHinge.
Variable R : rcfType.
Definition squared_hinge (x : R) : R := Num.max 0 (1 - x) ^+ 2.
Lemma hinge_ge (x : R) : 0 <= Num.max 0 (1 - x) /\ 1 - x <= Num.max 0 (1 - x).
Proof. by rewrite !le_maxr !lexx orbT. Qed.
Lemma squared_hinge_loss K : margin_loss (@margin_sum R K squared_hinge).
Proof.
apply: margin_sum_loss => [a x y /andP [a0 a1]|x y xy]; rewrite /squared_hinge.
  have b0 : 0 <= 1 - a by rewrite subr_ge0.
  have [u0 ux] := hinge_ge x; have [v0 vy] := hinge_ge y.
  set u := Num.max 0 (1 - x) in u0 ux *; set v := Num.max 0 (1 - y) in v0 vy *.
  apply: (@le_trans _ _ ((a * u + (1 - a) * v) ^+ 2)).
    have s0 : 0 <= a * u + (1 - a) * v by rewrite addr_ge0 ?mulr_ge0.
    rewrite ler_pexpn2r ?nnegrE ?(hinge_ge _).1 // le_maxl s0 /=.
    apply: le_trans (ler_add (ler_wpmul2l a0 ux) (ler_wpmul2l b0 vy)); apply: eqW; ring.
  rewrite -subr_ge0; have -> : a * u ^+ 2 + (1 - a) * v ^+ 2 - (a * u + (1 - a) * v) ^+ 2 = a * (1 - a) * (u - v) ^+ 2 by ring.
  by apply: mulr_ge0; [apply: mulr_ge0 | apply: sqr_ge0].
rewrite ler_pexpn2r ?nnegrE ?(hinge_ge _).1 // le_maxl (hinge_ge _).1 /=; apply: le_trans (hinge_ge x).2.
by rewrite ler_add2l ler_opp2.
Qed.
End SquaredHinge.

(* Cross-entropy is a margin loss wherever there are an exponential and a logarithm. Of them only this is used: exp turns
   sums into products and is at least its tangent at 0, and exp (ln y) = y. *)
Section CrossEntropy.
Variables (R : rcfType) (K : nat) (exp ln : R -> R).
Hypothesis expD : forall x y, exp (x + y) = exp x * exp y.
Hypothesis tangent : forall x, 1 + x <= exp x.
Hypothesis expK : forall y, 0 < y -> exp (ln y) = y.
Definition cross_entropy (k : 'I_K) (z : 'cV[R]_K) : R := ln (\sum_j exp (z j 0 - z k 0)).

Lemma exp_n0 x : exp x != 0.
Proof.
have h : 1 <= exp 0 by have := tangent 0; rewrite addr0.
apply: contraTneq h => E; rewrite -(subrr x) expD E mul0r -ltNge ltr01 //.
Qed.
Lemma exp0 : exp 0 = 1.
Proof. by apply: (mulIf (exp_n0 0)); rewrite -expD addr0 mul1r. Qed.
Lemma exp_gt0 x : 0 < exp x.
Proof.
have -> : x = x / 2 + x / 2 by field.
by rewrite expD -expr2 lt_def sqr_ge0 expf_neq0 ?exp_n0.
Qed.
Lemma exp_mean a x y : 0 <= a <= 1 -> exp (a * x + (1 - a) * y) <= a * exp x + (1 - a) * exp y.
Proof.
case/andP => a0 a1; set w := a * x + (1 - a) * y.
have above u : exp w * (1 + (u - w)) <= exp u.
  have {2}-> : u = w + (u - w) by rewrite addrC subrK.
  by rewrite (expD w) ler_wpmul2l // ltW ?exp_gt0.
apply: le_trans (ler_add (ler_wpmul2l a0 (above x)) (ler_wpmul2l _ (above y))); last by rewrite subr_ge0.
by apply: eqW; rewrite /w; ring.
Qed.
Lemma ln_le w y : 0 < y -> y <= exp w -> ln y <= w.
Proof.
move=> yp; apply: contraTT; rewrite -!ltNge => h; rewrite -[X in _ < X]expK //.
have -> : ln y = w + (ln y - w) by rewrite addrC subrK.
rewrite expD -[X in X < _]mulr1 ltr_pmul2l ?exp_gt0 //; apply: lt_le_trans (tangent _).
by rewrite ltr_addl subr_gt0.
Qed.
Lemma sum_gt0 (k : 'I_K) (z : 'cV[R]_K) : 0 < \sum_j exp (z j 0 - z k 0).
Proof. by rewrite (bigD1 k) //= ltr_paddr ?exp_gt0 // sumr_ge0 // => j _; rewrite ltW ?exp_gt0. Qed.
Lemma total_one (k : 'I_K) (z : 'cV[R]_K) : \sum_j exp (z j 0 - z k 0 - cross_entropy k z) = 1.
Proof.
rewrite (eq_bigr (fun j => exp (z j 0 - z k 0) * exp (- cross_entropy k z))) => [|j _]; last exact: expD.
by rewrite -mulr_suml -{1}(expK (sum_gt0 k z)) -/(cross_entropy k z) -expD subrr exp0.
Qed.

Theorem cross_entropy_loss : margin_loss cross_entropy.
Proof.
split=> [k a x y a01|s k z|k x y le].
- apply: ln_le; first exact: sum_gt0.
  set w := a * cross_entropy k x + (1 - a) * cross_entropy k y.
  have one : \sum_j (a * exp (x j 0 - x k 0 - cross_entropy k x) + (1 - a) * exp (y j 0 - y k 0 - cross_entropy k y)) = 1.
    by rewrite big_split -!mulr_sumr /= !total_one; ring.
  rewrite -[X in _ <= X]mul1r -[X in _ <= X * _]one mulr_suml; apply: ler_sum => j _ /=.
  have := exp_mean (x j 0 - x k 0 - cross_entropy k x) (y j 0 - y k 0 - cross_entropy k y) a01.
  move/(ler_wpmul2r (ltW (exp_gt0 w))); apply: le_trans; rewrite -expD; apply: eqW; congr exp; rewrite !mxE /w.
  by move: (x j 0) (x k 0) (y j 0) (y k 0) (cross_entropy k x) (cross_entropy k y) => p q r s t u; ring.
- rewrite /cross_entropy; congr ln; rewrite (reindex_inj (@perm_inj _ s)) /=; apply: eq_bigr => j _.
  by rewrite !mxE.
- apply: ln_le; first exact: sum_gt0.
  rewrite expK ?sum_gt0 //; apply: ler_sum => j _.
  have -> : y j 0 - y k 0 = x j 0 - x k 0 + ((x k 0 - x j 0) - (y k 0 - y j 0)) by ring.
  rewrite (expD (x j 0 - x k 0)) -[X in X <= _]mulr1 ler_pmul2l ?exp_gt0 //; apply: le_trans (tangent _).
  by rewrite ler_addl subr_ge0.
Qed.
End CrossEntropy.
