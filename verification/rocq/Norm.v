(* Frobenius norms: Cauchy-Schwarz, what relu does to them, and Bessel for a matrix with orthogonal columns. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Norm.
Variable R : rcfType.
Definition dot m n (A B : 'M[R]_(m, n)) : R := \tr (A *m B^T).
Notation sq := (@sqnorm R _ _).

Lemma dotE m n (A B : 'M[R]_(m, n)) : dot A B = \sum_i \sum_j A i j * B i j.
Proof. by rewrite /dot /mxtrace; apply: eq_bigr => i _; rewrite mxE; apply: eq_bigr => j _; rewrite mxE. Qed.
Lemma sqE m n (A : 'M[R]_(m, n)) : sq A = dot A A.
Proof. by rewrite dotE; do 2!apply: eq_bigr => ? _; rewrite expr2. Qed.
Lemma sq_ge0 m n (A : 'M[R]_(m, n)) : 0 <= sq A.
Proof. by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; rewrite sqr_ge0. Qed.
Lemma dotC m n (A B : 'M[R]_(m, n)) : dot A B = dot B A.
Proof. by rewrite !dotE; do 2!apply: eq_bigr => ? _; rewrite mulrC. Qed.
Lemma dotDl m n (A B C : 'M[R]_(m, n)) : dot (A + B) C = dot A C + dot B C.
Proof. by rewrite /dot mulmxDl mxtraceD. Qed.
Lemma dotZl m n a (A B : 'M[R]_(m, n)) : dot (a *: A) B = a * dot A B.
Proof. by rewrite /dot -scalemxAl mxtraceZ. Qed.
Lemma dotDr m n (A B C : 'M[R]_(m, n)) : dot C (A + B) = dot C A + dot C B.
Proof. by rewrite dotC dotDl !(dotC C). Qed.
Lemma dotZr m n a (A B : 'M[R]_(m, n)) : dot A (a *: B) = a * dot A B.
Proof. by rewrite dotC dotZl dotC. Qed.
Lemma sqZ m n a (A : 'M[R]_(m, n)) : sq (a *: A) = a ^+ 2 * sq A.
Proof. by rewrite !sqE dotZl dotZr mulrA. Qed.
Lemma sq0 m n : sq (0 : 'M[R]_(m, n)) = 0.
Proof. by rewrite -(scale0r 0) sqZ expr0n mul0r. Qed.
Lemma sq_eq0 m n (A : 'M[R]_(m, n)) : sq A = 0 -> A = 0.
Proof.
move=> h; apply/matrixP => i j; rewrite mxE; apply/eqP; rewrite -sqrf_eq0.
move/eqP: h; rewrite psumr_eq0 => [/allP /(_ i)|k _]; last by apply: sumr_ge0 => l _; rewrite sqr_ge0.
rewrite mem_index_enum => /(_ isT); rewrite psumr_eq0 => [/allP /(_ j)|k _]; last by rewrite sqr_ge0.
by rewrite mem_index_enum => /(_ isT).
Qed.
Lemma relu_dot m n (A : 'M[R]_(m, n)) : dot A (relu A) = sq (relu A).
Proof.
rewrite sqE !dotE; do 2!apply: eq_bigr => ? _; rewrite mxE.
by case: (lerP 0 (A _ _)) => h; rewrite ?mul0r ?mulr0.
Qed.
Lemma relu_sq m n (A : 'M[R]_(m, n)) : sq (relu A) <= sq A.
Proof.
apply: ler_sum => i _; apply: ler_sum => j _; rewrite mxE.
by case: (lerP 0 (A _ _)) => h //; rewrite expr0n sqr_ge0.
Qed.
Lemma CS m n (A B : 'M[R]_(m, n)) : dot A B ^+ 2 <= sq A * sq B.
Proof.
have [/sq_eq0 ->|Bn0] := eqVneq (sq B) 0.
  by rewrite -(scale0r 0) dotZr mul0r expr0n mulr_ge0 ?sq_ge0.
have Bp : 0 < sq B by rewrite lt_def Bn0 sq_ge0.
have E : sq (sq B *: A + (- dot A B) *: B) = sq B * (sq A * sq B - dot A B ^+ 2).
  by rewrite sqE !(dotDl, dotZl, dotDr, dotZr) (dotC B A) -!sqE; ring.
have := sq_ge0 (sq B *: A + (- dot A B) *: B); rewrite E.
by rewrite pmulr_rge0 // subr_ge0.
Qed.
Lemma sq_tr m n (A : 'M[R]_(m, n)) : sq A^T = sq A.
Proof. by rewrite /sqnorm exchange_big /=; do 2!apply: eq_bigr => ? _; rewrite !mxE. Qed.
Lemma dot_mul m n k (A : 'M[R]_(m, k)) (B : 'M[R]_(k, n)) (C : 'M[R]_(m, n)) :
  dot (A *m B) C = dot B (A^T *m C).
Proof. by rewrite /dot trmx_mul trmxK -mulmxA mxtrace_mulC mulmxA. Qed.
Lemma dot_mulr m n k (A : 'M[R]_(m, k)) (B : 'M[R]_(k, n)) (C : 'M[R]_(m, n)) :
  dot (A *m B) C = dot A (C *m B^T).
Proof. by rewrite /dot trmx_mul trmxK -mulmxA. Qed.
Lemma sq_gram m n (A : 'M[R]_(m, n)) : sq A = \tr (A^T *m A).
Proof. by rewrite sqE /dot mxtrace_mulC. Qed.
(* M^T M = c I shrinks: |W M|^2 <= c |W|^2 *)
Lemma bessel m d K c (M : 'M[R]_(d, K)) (W : 'M[R]_(m, d)) :
  0 <= c -> M^T *m M = c%:M -> sq (W *m M) <= c * sq W.
Proof.
move=> c0 hM; have [cz|cn0] := eqVneq c 0.
  have -> : M = 0 by apply: sq_eq0; rewrite sq_gram hM cz mxtrace_scalar mul0rn.
  by rewrite mulmx0 sq0 mulr_ge0 ?sq_ge0.
have cp : 0 < c by rewrite lt_def cn0.
pose Q := W *m M *m M^T.
have hWQ : dot W Q = sq (W *m M) by rewrite sqE dot_mulr.
have hQQ : sq Q = c * sq (W *m M).
  by rewrite sqE /Q dot_mulr trmxK -[X in dot _ X]mulmxA hM mul_mx_scalar dotZr sqE.
have E : sq (c *: W + (- 1) *: Q) = c * (c * sq W - sq (W *m M)).
  by rewrite sqE !(dotDl, dotZl, dotDr, dotZr) (dotC Q W) -!sqE hWQ hQQ; ring.
have := sq_ge0 (c *: W + (- 1) *: Q); rewrite E.
by rewrite pmulr_rge0 // subr_ge0.
Qed.
Lemma sq1 K : sq (1%:M : 'M[R]_K) = K%:R.
Proof. by rewrite sq_gram trmx1 mulmx1 mxtrace1. Qed.
Lemma dot1 K (A : 'M[R]_K) : dot A 1%:M = \tr A.
Proof. by rewrite /dot trmx1 mulmx1. Qed.
Lemma eqW (x y : R) : x = y -> x <= y.
Proof. by move->. Qed.
End Norm.
