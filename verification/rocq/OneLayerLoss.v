(* One layer of weights: beside any weights stand some with outputs alpha (I - J / K) and a loss no larger. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss ModelLinear Norm Targets Wider Balance Samples.
From Dufm Require Import Centring MarginBound MarginLayers MarginDnc.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Means.
Variables (R : rcfType) (K n : nat) (ell : 'I_K -> 'cV[R]_K -> R).
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N) (ml : margin_loss ell).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Notation C := (@centring R K).
Let K0 : (0 < K)%N. Proof. exact: ltnW. Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

(* a loss of outputs is at least that of their class means *)
Definition class_means (Z : 'M[R]_(K, K * n)) : 'M[R]_K := n%:R^-1 *: (Z *m Y^T).
Lemma class_meansE Z k : col k (class_means Z) = #|'I_n|%:R^-1 *: \sum_i col (sample k i) Z.
Proof.
rewrite card_ord; apply/matrixP => a b; rewrite !mxE summxE; congr (_ * _).
rewrite (sum_samples n0 (fun j => Z a j * Y^T j k)); apply: eq_bigr => i _; rewrite (bigD1 k) //= big1 => [|k' kk].
  have := congr1 (fun A : 'M_K => A k k) (pick_Y R K n0 i); rewrite !mxE /= => ->.
  by rewrite eqxx mulr1 addr0.
have := congr1 (fun A : 'M_K => A k k') (pick_Y R K n0 i); rewrite !mxE /= => ->.
by rewrite eq_sym (negbTE kk) mulr0.
Qed.
Lemma mean_loss_class Z : K%:R^-1 * total ell (class_means Z) <= mean_loss ell Z.
Proof.
have -> : mean_loss ell Z = (K * n)%:R^-1 * \sum_k \sum_i ell k (col (sample k i) Z).
  rewrite /mean_loss; congr (_ * _); transitivity (\sum_j ell (class j) (col j Z)).
    rewrite [RHS](partition_big (@class K n) xpredT) //=; apply: eq_bigr => k _; apply: eq_big => [j|j /eqP jk].
      by rewrite -val_eqE.
    by congr ell; apply: val_inj.
  rewrite (sum_samples n0) exchange_big /=; apply: eq_bigr => k _; apply: eq_bigr => i _; congr ell.
  by apply: val_inj; rewrite /= divnMDl // divn_small ?addn0.
rewrite natrM invfM -mulrA ler_pmul2l ?invr_gt0 // mulr_sumr; apply: ler_sum => k _.
rewrite class_meansE ler_pdivl_mull // -[n in n%:R]card_ord.
apply: (jensen (f := ell k) (fun i : 'I_n => col (sample k i) Z)); last by rewrite card_ord.
exact: (convex ml k).
Qed.

Variables (d : nat -> nat) (lam : nat -> R) (th : weights R K 1 n d).
Hypotheses (room : (K <= d 0%N)%N) (lamp : forall l, (l <= 1)%N -> 0 < lam l).
Let alpha := mean_margin (class_means (linear_output th)).
Lemma one_layer_pays : n%:R * ((K%:R - 1) * alpha) ^+ 2 <= sq (H1 th) * sq (WL th).
Proof.
have tr : dot (linear_output th) (C *m Y) = n%:R * ((K%:R - 1) * alpha).
  rewrite /alpha /mean_margin [(K%:R - 1) * _]mulrC divfK ?gt_eqF // /class_means -scalemxAr mxtraceZ mulrA divff ?gt_eqF // mul1r.
  by rewrite /dot trmx_mul centreT mulmxA mxtrace_mulC.
have short : sq (H1 th *m (Y^T *m C)) <= n%:R * sq (H1 th).
  apply: bessel_centred; rewrite ?(ltW np) //.
  rewrite trmx_mul trmxK centreT mulmxA -[C *m Y *m Y^T]mulmxA mulYYT mul_mx_scalar -scalemxAl centre_idem //.
have := CS (WL th) (C *m Y *m (H1 th)^T); rewrite -dot_mulr -/(linear_output th) tr.
have -> : sq (C *m Y *m (H1 th)^T) = sq (H1 th *m (Y^T *m C)) by rewrite -sq_tr !trmx_mul trmxK centreT.
move=> h; have {h short} h := le_trans h (ler_wpmul2l (sq_ge0 _) short).
by rewrite -(ler_pmul2l np); apply: le_trans (le_trans (eqW _) h) (eqW _); ring.
Qed.

Theorem one_layer : exists2 beta : R, 0 <= beta & exists2 th' : weights R K 1 n d,
  linear_output th' = beta *: C *m Y & linear_objective ell lam th' <= linear_objective ell lam th.
Proof.
have fit : K%:R^-1 * total ell alpha%:M <= mean_loss ell (linear_output th).
  by apply: le_trans (mean_loss_class _); rewrite ler_pmul2l ?invr_gt0 // total_symmetric.
have obj (t : weights R K 1 n d) : linear_objective ell lam t = mean_loss ell (linear_output t) + size lam t.
  by rewrite /linear_objective /size !addrA.
case: (lerP alpha 0) => [a0|ap].
  exists 0 => //; exists zero_weights; first by rewrite /linear_output mul0mx scale0r mul0mx.
  rewrite !obj; have -> : linear_output (zero_weights : weights R K 1 n d) = 0 *m Y by rewrite /linear_output !mul0mx.
  have -> : size lam (zero_weights : weights R K 1 n d) = 0 by rewrite /size /= !sq0 !mulr0 addr0 add0r big_ord0.
  rewrite addr0; apply: ler_paddr; first exact: size_ge0.
  apply: le_trans fit; rewrite mean_lossY // ler_pmul2l ?invr_gt0 //; apply: total_margins => // k j.
  rewrite !mxE eqxx subrr; have [_|_] := eqVneq j k; first by rewrite subrr.
  by rewrite mulr0n subr0.
have pos : 0 < sq (H1 th) * sq (WL th).
  by apply: lt_le_trans one_layer_pays; rewrite mulr_gt0 // exprn_gt0 // mulr_gt0.
have Wp : 0 < sq (WL th) by rewrite lt_def sq_ge0 andbT; apply: contraTneq pos => ->; rewrite mulr0 ltxx.
pose b := Num.sqrt (sq (WL th) / (K%:R - 1)); have bp : 0 < b by rewrite sqrtr_gt0 divr_gt0.
have bE : b ^+ 2 = sq (WL th) / (K%:R - 1) by rewrite sqr_sqrtr // divr_ge0 ?sq_ge0 // ltW.
pose th' : weights R K 1 n d := Weights ((alpha / b) *: (pid_mx K *m C) *m Y) (hidden th) (b *: (C *m pid_mx K)).
have out : linear_output th' = alpha *: C *m Y.
  rewrite /linear_output /= -!scalemxAl -scalemxAr scalerA [b * _]mulrC divfK ?gt_eqF //; congr (_ *: _).
  by rewrite !mulmxA -[C *m _ *m _]mulmxA pid_pid // mulmx1 centre_idem.
exists alpha; first exact: ltW.
exists th' => //; rewrite !obj; apply: ler_add.
  apply: le_trans fit; rewrite out mean_lossY // ler_pmul2l ?invr_gt0 //; apply: total_margins => // k j.
  by rewrite /centring !mxE; case: eqP => _; case: eqP => _; apply: eqW => /=; ring.
rewrite /size /= !big_ord0 !addr0; apply: ler_add; last first.
  by rewrite sqZ sq_pidr // sq_centre // bE divfK ?gt_eqF.
rewrite ler_pmul2l ?divr_gt0 ?ltr0n ?lamp // sqY sqZ sq_pidl // sq_centre //.
rewrite expr_div_n bE -(ler_pmul2r Wp); apply: le_trans one_layer_pays; apply: eqW.
by move: (K%:R - 1) K1p (sq (WL th)) Wp alpha (n%:R : R) => k kp v vp al q; field; rewrite !gt_eqF.
Qed.
End Means.
