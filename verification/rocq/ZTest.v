(* The Z-test: a lower bound of the cost of the first two layers that knows about relu. With P = W X, F = relu P, A = F^T F
   and M without positive off-diagonal entries, |F M v| <= |v| for all v,

       tr (M^T A) <= <F M, P> <= |W| |X| <= (|W|^2 + |X|^2) / 2.

   The first step: F and F - P >= 0 are never both positive at one entry. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Contraction.
Variables (R : rcfType) (m k : nat) (T : 'M[R]_(m, k)).
Notation sq := (@sqnorm R _ _).
Hypothesis short : forall v : 'cV[R]_k, sq (T *m v) <= sq v.

Lemma sq_col q (V : 'M[R]_(k, q)) : sq (T *m V) <= sq V.
Proof.
have cols a (B : 'M[R]_(a, q)) : sq B = \sum_j sq (col j B).
  by rewrite /sqnorm exchange_big; do 2!apply: eq_bigr => ? _; rewrite big_ord1 mxE.
by rewrite !cols; apply: ler_sum => j _; rewrite !colE -mulmxA; apply: short.
Qed.
(* the transpose is as short *)
Lemma sq_short_tr q (W : 'M[R]_(m, q)) : sq (W^T *m T) <= sq W.
Proof.
rewrite -sq_tr trmx_mul trmxK; set V := T^T *m W.
have [->|Vn0] := eqVneq (sq V) 0; first exact: sq_ge0.
have Vp : 0 < sq V by rewrite lt_def Vn0 sq_ge0.
have h : sq V = dot W (T *m V) by rewrite [LHS]sqE dot_mul trmxK.
rewrite -(ler_pmul2r Vp) -expr2 {1}h; apply: le_trans (CS _ _) _.
by rewrite ler_wpmul2l ?sq_ge0 ?sq_col.
Qed.
End Contraction.

(* <G, F M> <= 0 for G = F - P *)
Lemma relu_part (R : rcfType) (m k : nat) (P : 'M[R]_(m, k)) (M : 'M[R]_k) : (forall i j, i != j -> M i j <= 0) ->
  \tr (M^T *m ((relu P)^T *m relu P)) <= dot (relu P *m M) P.
Proof.
move=> z; have -> : \tr (M^T *m ((relu P)^T *m relu P)) = dot (relu P *m M) (relu P).
  by rewrite dotC /dot trmx_mul [RHS]mxtrace_mulC -mulmxA.
pose G := relu P - P.
have -> : dot (relu P *m M) P = dot (relu P *m M) (relu P) - dot (relu P *m M) G.
  by rewrite /G dotDr -scaleN1r dotZr mulN1r subKr.
rewrite ler_addl dot_mul dotE -sumrN; apply: sumr_ge0 => i _; rewrite -sumrN; apply: sumr_ge0 => j _; rewrite oppr_ge0.
have [->|ij] := eqVneq i j.
  rewrite [X in _ * X]mxE big1 ?mulr0 // => l _; rewrite /G !mxE.
  by case: (lerP 0 (P l j)) => h; rewrite ?subrr ?mulr0 ?mul0r.
rewrite mulr_le0_ge0 ?z // mxE sumr_ge0 // => l _; rewrite /G !mxE mulr_ge0 ?le_maxr ?lexx //.
by rewrite subr_ge0 le_maxr lexx orbT.
Qed.

Section ZTest.
Variables (R : rcfType) (m d k : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, k)) (M : 'M[R]_k).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Hypothesis z_matrix : forall i j, i != j -> M i j <= 0.
Hypothesis short : forall v : 'cV[R]_k, sq (F *m M *m v) <= sq v.

Theorem z_product : dot (F *m M) (W *m X) ^+ 2 <= sq W * sq X.
Proof.
rewrite dotC dot_mul mulrC; apply: le_trans (CS _ _) _; rewrite ler_wpmul2l ?sq_ge0 //.
exact: sq_short_tr.
Qed.

Theorem z_test : 2 * \tr (M^T *m (F^T *m F)) <= sq W + sq X.
Proof.
apply: (@le_trans _ _ (2 * dot (F *m M) (W *m X))); first by rewrite ler_pmul2l ?ltr0n ?relu_part.
rewrite dotC dot_mul; have h := sq_short_tr short W; set V := W^T *m _ in h *.
apply: le_trans (_ : sq V + sq X <= _); last by rewrite ler_add2r.
rewrite -subr_ge0; apply: le_trans (sq_ge0 (X + (- 1) *: V)) _; apply: eqW.
by rewrite sqE !(dotDl, dotDr, dotZl, dotZr) (dotC V X) -!sqE; ring.
Qed.
End ZTest.
