(* Determinants of Gram matrices: Gram-Schmidt by a matrix of determinant 1, Hadamard's inequality, and what a factor does:

       det ((A X)^T (A X)) <= (|A|^2 / r)^r det (X^T X) for X of r columns. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Gram.
Variable R : rcfType.
Notation sq := (@sqnorm R _ _).

Definition orthogonal d r (A : 'M[R]_(d, r)) := forall i j, i != j -> (A^T *m A) i j = 0.
Lemma gram_diag d r (A : 'M[R]_(d, r)) j : (A^T *m A) j j = sq (col j A).
Proof. by rewrite mxE /sqnorm; apply: eq_bigr => i _; rewrite big_ord1 !mxE expr2. Qed.
Lemma det_orthogonal d r (A : 'M[R]_(d, r)) : orthogonal A -> \det (A^T *m A) = \prod_j sq (col j A).
Proof.
move=> o; have -> : A^T *m A = diag_mx (\row_j sq (col j A)).
  apply/matrixP => i j; rewrite [RHS]mxE; case: eqVneq => [->|ij]; first by rewrite mulr1n [RHS]mxE gram_diag.
  by rewrite mulr0n o.
by rewrite det_diag; apply: eq_bigr => j _; rewrite mxE.
Qed.
Lemma det_change d r (A : 'M[R]_(d, r)) (T : 'M_r) : \det T = 1 -> \det ((A *m T)^T *m (A *m T)) = \det (A^T *m A).
Proof. by move=> t; rewrite trmx_mul -mulmxA [A^T *m (_ *m _)]mulmxA !det_mulmx det_tr t mulr1 mul1r. Qed.

Lemma pythagoras m n (u v : 'M[R]_(m, n)) : dot u v = 0 -> sq u <= sq (u + (- 1) *: v).
Proof.
move=> z; rewrite [X in _ <= X]sqE !(dotDl, dotDr, dotZl, dotZr) (dotC v u) z -!sqE !mulr0 addr0 add0r !mulN1r opprK.
by rewrite ler_addl sq_ge0.
Qed.
Lemma gram_schmidt r d (A : 'M[R]_(d, r)) : exists T : 'M_r,
  [/\ \det T = 1, orthogonal (A *m T) & forall j, sq (col j (A *m T)) <= sq (col j A)].
Proof.
elim: r A => [|r IH] A.
  by exists 1%:M; split=> [|[]//|[]//]; rewrite det1.
change ('M[R]_(d, 1 + r)) in A.
set x := lsubmx A; set X := rsubmx A; have [T [t o le]] := IH X; set B := X *m T in o le *.
pose s : 'cV[R]_r := \col_j (- (B^T *m x) j 0 / sq (col j B)).
pose y := x + B *m s.
have yB : B^T *m y = 0.
  rewrite /y mulmxDr mulmxA; apply/matrixP => j k; rewrite [k]ord1 [LHS]mxE [RHS]mxE [X in _ + X]mxE (bigD1 j) //= big1 => [|l lj].
    rewrite addr0 gram_diag [s j 0]mxE; have [E|n0] := eqVneq (sq (col j B)) 0; last by rewrite mulrCA divff // mulr1 subrr.
    rewrite E mul0r addr0 mxE big1 // => i _; have := sq_eq0 E => /matrixP /(_ i 0).
    by rewrite !mxE => ->; rewrite mul0r.
  by rewrite o 1?eq_sym // mul0r.
have short : sq y <= sq x.
  have E : x = y + (- 1) *: (B *m s) by rewrite /y scaleN1r addrK.
  have z : dot y (B *m s) = 0 by rewrite dotC dot_mul yB /dot trmx0 mulmx0 mxtrace0.
  by rewrite E; apply: pythagoras.
have dE : \det (block_mx (1%:M : 'M[R]_1) 0 (T *m s) T) = 1 by rewrite det_lblock det1 mul1r.
exists (block_mx 1%:M 0 (T *m s) T).
have E : A *m block_mx 1%:M 0 (T *m s) T = row_mx y B.
  by rewrite -[A]hsubmxK mul_row_block mulmx1 mulmx0 add0r mulmxA.
have oE : orthogonal (row_mx y B).
  move=> i j; rewrite tr_row_mx mul_col_row.
  case: (split_ordP i) => i' ->; case: (split_ordP j) => j' -> ij.
  - by rewrite !ord1 eqxx in ij.
  - by rewrite block_mxEur -[B]trmxK -trmx_mul yB !mxE.
  - by rewrite block_mxEdl yB mxE.
  - by rewrite block_mxEdr o //; apply: contra_neq ij => ->.
have col1 (z : 'cV[R]_d) : col 0 z = z by apply/matrixP => i k; rewrite mxE [k]ord1.
have lE (j : 'I_(1 + r)) : sq (col j (row_mx y B)) <= sq (col j A).
  rewrite -[A]hsubmxK; case: (split_ordP j) => j' ->; first by rewrite !colKl !ord1 !col1.
  by rewrite !colKr.
by split; [exact: dE | rewrite E; exact: oE | rewrite E; exact: lE].
Qed.

Lemma gram_det_ge0 d r (A : 'M[R]_(d, r)) : 0 <= \det (A^T *m A).
Proof.
have [T [t o _]] := gram_schmidt A; rewrite -(det_change A t) det_orthogonal //.
by apply: prodr_ge0 => j _; apply: sq_ge0.
Qed.
Lemma hadamard d r (A : 'M[R]_(d, r)) : \det (A^T *m A) <= \prod_j sq (col j A).
Proof.
have [T [t o le]] := gram_schmidt A; rewrite -(det_change A t) det_orthogonal //.
by apply: ler_prod => j _; rewrite sq_ge0 le.
Qed.
Lemma sum_cols d r (A : 'M[R]_(d, r)) : \sum_j sq (col j A) = sq A.
Proof. by rewrite sq_gram; apply: eq_bigr => j _; rewrite gram_diag. Qed.

Theorem det_layer m d r (W : 'M[R]_(m, d)) (X : 'M[R]_(d, r)) :
  r%:R ^+ r * \det ((W *m X)^T *m (W *m X)) <= sq W ^+ r * \det (X^T *m X).
Proof.
have [T [t o _]] := gram_schmidt X.
rewrite -(det_change X t) -(det_change (W *m X) t) -mulmxA (det_orthogonal o); move: (X *m T) o => Q o.
apply: (@le_trans _ _ (r%:R ^+ r * \prod_j sq (col j (W *m Q)))).
  by rewrite ler_wpmul2l ?exprn_ge0 ?ler0n ?hadamard.
have colW (B : 'M[R]_(d, r)) j : col j (W *m B) = W *m col j B by rewrite !colE mulmxA.
have [j /eqP z|n0] := pickP (fun j => sq (col j Q) == 0).
  rewrite [X in _ * X <= _](bigD1 j) //= [X in _ <= _ * X](bigD1 j) //= colW (sq_eq0 z) mulmx0 !sq0.
  by rewrite !mul0r !mulr0.
have qp j : 0 < sq (col j Q) by rewrite lt_def sq_ge0 n0.
pose N := Q *m diag_mx (\row_j (Num.sqrt (sq (col j Q)))^-1).
have colN j : col j N = (Num.sqrt (sq (col j Q)))^-1 *: col j Q.
  by rewrite /N mul_mx_diag; apply/matrixP => i k; rewrite !mxE mulrC.
have hN : N^T *m N = 1%:M.
  apply/matrixP => i j; rewrite mxE (eq_bigr (fun k => (Num.sqrt (sq (col i Q)))^-1 * (Num.sqrt (sq (col j Q)))^-1 * (Q k i * Q k j))) => [|k _].
    rewrite -mulr_sumr; have -> : \sum_k Q k i * Q k j = (Q^T *m Q) i j by rewrite mxE; apply: eq_bigr => k _; rewrite mxE.
    rewrite [RHS]mxE; case: eqVneq => [->|ij]; last by rewrite o // mulr0.
    by rewrite gram_diag -invfM -expr2 sqr_sqrtr ?sq_ge0 // mulVf // gt_eqF.
  by rewrite /N mul_mx_diag !mxE; ring.
have bes : sq (W *m N) <= sq W by rewrite -[X in _ <= X]mul1r; apply: bessel; rewrite ?ler01.
have colWN j : sq (col j (W *m Q)) = sq (col j Q) * sq (col j (W *m N)).
  rewrite !colW colN -scalemxAr sqZ exprVn sqr_sqrtr ?sq_ge0 // mulrA divff ?mul1r //.
  by rewrite gt_eqF.
rewrite (eq_bigr _ (fun j _ => colWN j)) big_split /= mulrCA [X in _ <= X]mulrC.
apply: ler_wpmul2l; first by apply: prodr_ge0 => j _; apply: sq_ge0.
apply: (@le_trans _ _ (sq (W *m N) ^+ r)); last by rewrite ler_expn2r ?nnegrE ?sq_ge0.
rewrite -sum_cols; have [+ _] := @leif_AGM_scaled R _ xpredT (fun j : 'I_r => sq (col j (W *m N))) (fun i _ => mulrn_wge0 _ (sq_ge0 _)).
rewrite cardT size_enum_ord (eq_bigr (fun j => r%:R * sq (col j (W *m N)))) => [|j _]; last by rewrite mulr_natl.
by rewrite big_split /= prodr_const card_ord.
Qed.
End Gram.
