(* Centring C = I - J / K, and the matrices x C + y (I - C) = mix x y: they multiply entry by entry, and as y <= x they have
   no positive entries off the diagonal, which is what relu respects. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Centring.
Variables (R : rcfType) (K : nat).
Hypothesis K0 : (0 < K)%N.
Notation C := (@centring R K).
Notation sq := (@sqnorm R _ _).
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma centreT : C^T = C.
Proof. by rewrite /centring linearB /= trmx1 linearZ /= trmx_const. Qed.
Lemma centre_idem : C *m C = C.
Proof.
have J : (const_mx 1 : 'M[R]_K) *m (const_mx 1 : 'M[R]_K) = K%:R *: const_mx 1.
  apply/matrixP => i j; rewrite !mxE (eq_bigr (fun=> 1)) => [|l _]; last by rewrite !mxE mulr1.
  by rewrite sumr_const card_ord mulr1.
rewrite /centring mulmxBl !mulmxBr !mul1mx mulmx1 -scalemxAl -scalemxAr J !scalerA -mulrA mulVf ?gt_eqF // mulr1.
by rewrite subrr subr0.
Qed.
Lemma tr_centre : \tr C = K%:R - 1.
Proof.
rewrite /centring mxtraceD raddfN /= mxtrace1 mxtraceZ /mxtrace (eq_bigr (fun=> 1)) => [|l _]; last by rewrite mxE.
by rewrite sumr_const card_ord mulVf ?gt_eqF.
Qed.
Lemma sq_centre : sq C = K%:R - 1.
Proof. by rewrite sq_gram centreT centre_idem tr_centre. Qed.

Definition mean : 'M[R]_K := 1%:M - C.
Definition mix (x y : R) : 'M[R]_K := x *: C + y *: mean.
Lemma meanT : mean^T = mean. Proof. by rewrite /mean linearB /= trmx1 centreT. Qed.
Lemma centre_mean : C *m mean = 0.
Proof. by rewrite mulmxBr mulmx1 centre_idem subrr. Qed.
Lemma mean_centre : mean *m C = 0.
Proof. by rewrite mulmxBl mul1mx centre_idem subrr. Qed.
Lemma mean_idem : mean *m mean = mean.
Proof. by rewrite {1}/mean mulmxBl mul1mx centre_mean subr0. Qed.
Lemma tr_mean : \tr mean = 1.
Proof. by rewrite /mean mxtraceD raddfN /= mxtrace1 tr_centre subKr. Qed.
Lemma mixM x y x' y' : mix x y *m mix x' y' = mix (x * x') (y * y').
Proof.
rewrite /mix !(mulmxDl, mulmxDr) -!scalemxAl -!scalemxAr centre_idem mean_idem centre_mean mean_centre !scaler0 addr0 add0r.
by rewrite !scalerA.
Qed.
Lemma mixT x y : (mix x y)^T = mix x y.
Proof. by rewrite /mix linearD !linearZ /= centreT meanT. Qed.
Lemma mix1 : mix 1 1 = 1%:M. Proof. by rewrite /mix !scale1r /mean addrC subrK. Qed.
Lemma mix10 : mix 1 0 = C. Proof. by rewrite /mix scale1r scale0r addr0. Qed.
Lemma mixE x y i j : mix x y i j = x * (i == j)%:R - (x - y) / K%:R.
Proof. by rewrite /mix /mean /centring !mxE; case: (i == j) => /=; rewrite ?mulr1n ?mulr0n; ring. Qed.
Lemma mix_scalar x y : mix x y = x%:M + ((y - x) / K%:R) *: const_mx 1.
Proof. by apply/matrixP => i j; rewrite mixE !mxE; case: (i == j) => /=; rewrite ?mulr1n ?mulr0n; ring. Qed.
Lemma tr_mix x y : \tr (mix x y) = (K%:R - 1) * x + y.
Proof. by rewrite /mix mxtraceD !mxtraceZ tr_centre tr_mean; ring. Qed.

Lemma sq_mix m (X : 'M[R]_(m, K)) x y : sq (X *m mix x y) = x ^+ 2 * sq (X *m C) + y ^+ 2 * sq (X *m mean).
Proof.
have cross : dot (X *m C) (X *m mean) = 0.
  by rewrite /dot trmx_mul meanT -mulmxA [C *m _]mulmxA centre_mean mul0mx mulmx0 mxtrace0.
rewrite /mix mulmxDr -!scalemxAr [LHS]sqE !(dotDl, dotDr, dotZl, dotZr) (dotC (X *m mean) (X *m C)) cross -!sqE; move: (sq _) (sq _) => a b; ring.
Qed.
Lemma sq_centred m (X : 'M[R]_(m, K)) : sq X = sq (X *m C) + sq (X *m mean).
Proof. by rewrite -{1}[X]mulmx1 -mix1 sq_mix expr1n !mul1r. Qed.
Lemma dot_centre m (X : 'M[R]_(m, K)) : dot X (X *m C) = sq (X *m C).
Proof. by rewrite [RHS]sqE dot_mulr centreT -mulmxA centre_idem. Qed.
Lemma dot_mix m (X : 'M[R]_(m, K)) x y : dot X (X *m mix x y) = x * sq (X *m C) + y * sq (X *m mean).
Proof.
rewrite /mix mulmxDr -!scalemxAr dotDr !dotZr dot_centre; congr (_ + _ * _).
by rewrite [RHS]sqE dot_mulr meanT -mulmxA mean_idem.
Qed.
Lemma centred_le m (X : 'M[R]_(m, K)) : sq (X *m C) <= sq X.
Proof. by rewrite [X in _ <= X]sq_centred ler_addl sq_ge0. Qed.

(* relu makes x C + y (I - C) of the rows no larger: the positive and the negative part of a row are nowhere both there *)
Lemma relu_mix m (X : 'M[R]_(m, K)) x y : 0 <= y -> y <= x -> sq (relu X *m mix x y) <= sq (X *m mix x y).
Proof.
move=> y0 yx; set S := mix x y; pose N := relu X - X.
suff h : dot (N *m S) (relu X *m S) <= 0.
  have {2}-> : X = relu X - N by rewrite /N subKr.
  rewrite mulmxBl -scaleN1r [X in _ <= X]sqE !(dotDl, dotDr, dotZl, dotZr) -!sqE (dotC (relu X *m S) (N *m S)).
  set f := sq _; set g := sq _; move: (dot _ _) h => p h.
  have -> : f + -1 * p + -1 * (p + -1 * g) = f + (g - 2 * p) by ring.
  by rewrite ler_addl subr_ge0 (@le_trans _ _ 0) ?sq_ge0 // pmulr_rle0 ?ltr0n.
rewrite dot_mulr -mulmxA mixT mixM dotE -oppr_ge0 -sumrN; apply: sumr_ge0 => i _; rewrite -sumrN; apply: sumr_ge0 => j _.
rewrite oppr_ge0 [X in _ * X]mxE mulr_sumr -oppr_ge0 -sumrN; apply: sumr_ge0 => k _; rewrite oppr_ge0 /N 2!mxE [in relu X i k]mxE.
have [->|kj] := eqVneq k j.
  by rewrite !mxE; case: (lerP 0 (X i j)) => h; rewrite ?subrr ?mul0r ?mulr0.
rewrite mulr_ge0_le0 ?mulr_ge0_le0 //; first by rewrite !mxE subr_ge0 le_maxr lexx orbT.
  by rewrite le_maxr lexx.
by rewrite mixE (negbTE kj) mulr0 sub0r oppr_le0 divr_ge0 ?ler0n // subr_ge0 -!expr2 ler_expn2r ?nnegrE ?(le_trans y0 yx).
Qed.
End Centring.
