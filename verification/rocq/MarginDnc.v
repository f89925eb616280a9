(* DNC under a margin loss is at least as dear as an output with all margins alpha at the cost n K^L (K - 1) alpha^2; weights
   with margins of at least 1 whose squared norms multiply to less than n K^L (K - 1) are below it: their factors take over
   every |W_l|, and only |H_1| shrinks. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Pointwise Structure Better Balance MarginBound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Dnc.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R).
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N) (ml : margin_loss ell).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Let K0 : (0 < K)%N. Proof. exact: ltnW. Qed.
Let L0 : (0 < L)%N. Proof. exact: ltnW. Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.
Let LL : (1 <= L.-1 <= L.-1)%N. Proof. by case: L L2 => [|[|]]//= l _; rewrite leqnn. Qed.

Lemma mean_lossY (Z : 'M[R]_K) : mean_loss ell (Z *m Y) = K%:R^-1 * total ell Z.
Proof.
rewrite /mean_loss (eq_bigr (fun k => n%:R * ell k (col k Z))) => [|k _].
  by rewrite -mulr_sumr natrM invfM mulrA mulfVK ?gt_eqF.
rewrite (eq_bigr (fun=> ell k (col k Z))) => [|j jk]; last first.
  by congr ell; apply/matrixP => i i'; rewrite [LHS]mxE mulY [RHS]mxE; congr (Z _ _); apply: val_inj; apply/eqP.
rewrite big_mkcond (eq_bigr (fun j : 'I_(K * n) => (fun i : nat => (i == k)%:R * ell k (col k Z)) (j %/ n)%N)); last first.
  by move=> j _; case: eqP => _; rewrite ?mul1r ?mul0r.
rewrite (@sum_class R K n (fun i => (i == k)%:R * ell k (col k Z))) (bigD1 k) //= eqxx mul1r big1 ?addr0 // => i ik.
by rewrite val_eqE (negbTE ik) mul0r.
Qed.
Lemma objectiveE lam (th : weights R K L n d) : objective ell lam th = mean_loss ell (output th) + size lam th.
Proof. by rewrite /objective /size !addrA. Qed.
Lemma output_zero : output (zero_weights : weights R K L n d) = 0 *m Y.
Proof. by rewrite /output mul0mx mul0mx. Qed.
Lemma objective_zero lam : objective ell lam (zero_weights : weights R K L n d) = K%:R^-1 * total ell 0.
Proof.
rewrite objectiveE output_zero mean_lossY /size /= !sq0 !mulr0 addr0 add0r big1 ?addr0 // => l _.
by rewrite sq0 mulr0.
Qed.

Variables (lam : nat -> R) (th : weights R K L n d).
Hypothesis lamp : forall l, (l <= L)%N -> 0 < lam l.
Lemma size_ge0 : 0 <= size lam th.
Proof.
have mono l x : (l <= L)%N -> 0 <= x -> 0 <= lam l / 2 * x.
  by move=> lL x0; rewrite mulr_ge0 // divr_ge0 ?ler0n // ltW ?lamp.
rewrite /size; apply: addr_ge0; last by rewrite mono ?sq_ge0.
apply: addr_ge0; first by rewrite mono ?sq_ge0.
by apply: sumr_ge0 => l _; rewrite mono ?sq_ge0 // (leq_trans (ltn_ord l)) // leq_pred.
Qed.

Theorem dnc_margin_bound : is_dnc th -> exists alpha : R,
  K%:R^-1 * total ell alpha%:M <= mean_loss ell (output th) /\
  n%:R * (K%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <= sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
move=> dnc; set M := n%:R^-1 *: (feature (hidden th) (H1 th) L.-1 *m Y^T).
have out : output th = WL th *m M *m Y := outputE K0 n0 L2 dnc.
have hM : M^T *m M = (sq M / K%:R)%:M := (dnc_facts K0 n0 dnc LL).2.
have L1 : L.-2.+1 = L.-1 by case: L L2 => [|[|]].
have ch : n%:R * K%:R ^+ L * (sq M / K%:R) <= sq (H1 th) * \prod_(l < L.-1) sq (hidden th l).
  have := chain K0 n0 L2 dnc (l := L.-2); have -> : L.-2.+2 = L by case: L L2 => [|[|]].
  by rewrite L1; apply.
have c0 : 0 <= sq M / K%:R by rewrite divr_ge0 ?sq_ge0 // ltW.
exists (mean_margin (WL th *m M)); split.
  by rewrite out mean_lossY ler_pmul2l ?invr_gt0 // total_symmetric.
have h := le_trans (mean_margin_norm K2 _) (bessel (WL th) c0 hM).
apply: le_trans (ler_wpmul2r (sq_ge0 _) ch); set A := mean_margin _ in h *.
have -> : n%:R * (K%:R ^+ L * (K%:R - 1)) * A ^+ 2 = n%:R * K%:R ^+ L * ((K%:R - 1) * A ^+ 2) by ring.
rewrite -[X in _ <= X]mulrA; apply: ler_wpmul2l h.
by rewrite mulr_ge0 ?exprn_ge0 // ltW.
Qed.

(* what is below the objective of zero weights has an output, and margins *)
Hypothesis small : objective ell lam th < objective ell lam (zero_weights : weights R K L n d).
Lemma small_output : output th != 0.
Proof.
apply: contraTneq small => E; rewrite -leNgt objective_zero objectiveE E -(mul0mx _ Y) mean_lossY.
by rewrite ler_addl size_ge0.
Qed.
Lemma small_margin alpha : K%:R^-1 * total ell alpha%:M <= mean_loss ell (output th) -> 0 < alpha.
Proof.
move=> h; rewrite ltNge; apply: contraTN small => a0; rewrite -leNgt objective_zero objectiveE.
apply: le_trans (ler_paddr size_ge0 h); rewrite ler_pmul2l ?invr_gt0 //; apply: total_margins => // k j.
rewrite !mxE eqxx subrr; have [_|_] := eqVneq j k; first by rewrite subrr.
by rewrite mulr0n subr0.
Qed.

Variable th0 : weights R K L n d.
Variable O : 'M[R]_K.
Hypotheses (out0 : output th0 = O *m Y) (margins : forall k j, j != k -> 1 <= O k k - O j k).
Hypothesis cheap : sq (H1 th0) * \prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0) < n%:R * (K%:R ^+ L * (K%:R - 1)).

Lemma margins_output : output th0 != 0.
Proof.
apply/negP => /eqP E; pose k := Ordinal K0; pose j := Ordinal K2.
have Z0 : O = 0.
  have := congr1 (fun A => A *m Y^T) out0; rewrite E mul0mx -mulmxA mulYYT mul_mx_scalar => /esym/eqP.
  by rewrite scaler_eq0 gt_eqF //= => /eqP.
have := margins (k := k) (j := j) isT; rewrite Z0 !mxE subr0 leNgt ltr01 //.
Qed.

Theorem margins_beat_dnc : is_dnc th -> exists th' : weights R K L n d, objective ell lam th' < objective ell lam th.
Proof.
move=> /dnc_margin_bound [alpha [fit bound]]; have ap := small_margin fit.
have [aH aW aV] := output_pos small_output; have [bH bW bV] := output_pos margins_output.
pose r l := Num.sqrt (sq (hidden th l) / sq (hidden th0 l)); pose rL := Num.sqrt (sq (WL th) / sq (WL th0)).
pose P := (\prod_(l < L.-1) r l) * rL.
have rp l : (l < L.-1)%N -> 0 < r l by move=> lL; rewrite sqrtr_gt0 divr_gt0 ?aW ?bW.
have rLp : 0 < rL by rewrite sqrtr_gt0 divr_gt0.
have Pp : 0 < P by rewrite mulr_gt0 // prodr_gt0 // => l _; apply: rp.
pose mu l := if l == 0%N then alpha / P else if l == L then rL else r l.-1.
have muL : mu L = rL by rewrite /mu eqxx; case: L L0.
have muS l : (l < L.-1)%N -> mu l.+1 = r l.
  by move=> lL; rewrite /mu /= ltn_eqF //; case: L L0 lL.
have mu0 l : 0 <= mu l.
  by rewrite /mu; case: eqP => _; [|case: eqP => _]; rewrite ?sqrtr_ge0 // divr_ge0 // ltW.
have muP : \prod_(l < L.+1) mu l = alpha.
  rewrite prod_ends // muL (eq_bigr (fun l : 'I_L.-1 => r l)) => [|l _]; last exact: muS.
  by rewrite -mulrA -/P /mu /= divfK ?gt_eqF.
exists (rescale mu th0); rewrite !objectiveE; apply: ler_lt_add.
  apply: le_trans fit; rewrite rescale_output // muP out0 scalemxAl mean_lossY ler_pmul2l ?invr_gt0 //.
  apply: total_margins => // k j; rewrite !mxE eqxx; have [->|jk] := eqVneq j k; first by rewrite !subrr.
  by rewrite mulr0n subr0 -mulrBr -[X in X <= _]mulr1 ler_pmul2l ?margins.
have P2 : P ^+ 2 * (\prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0)) = \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
  rewrite exprMn sqr_sqrtr ?divr_ge0 ?sq_ge0 // -prodrXl mulrACA divfK ?gt_eqF //; congr (_ * _).
  rewrite -big_split; apply: eq_bigr => l _; rewrite /= sqr_sqrtr ?divr_ge0 ?sq_ge0 // divfK ?gt_eqF ?bW //.
rewrite /size /= !sqZ muL sqr_sqrtr ?divr_ge0 ?sq_ge0 // divfK ?gt_eqF // ltr_add2r.
rewrite (eq_bigr (fun l : 'I_L.-1 => lam l.+1 / 2 * sq (hidden th l))) => [|l _]; last first.
  by rewrite sqZ muS // sqr_sqrtr ?divr_ge0 ?sq_ge0 // divfK ?gt_eqF ?bW.
rewrite ltr_add2r ltr_pmul2l ?divr_gt0 ?ltr0n ?lamp //.
have PBp : 0 < \prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0) by rewrite mulr_gt0 // prodr_gt0 // => l _; apply: bW.
have ch : alpha ^+ 2 * (sq (H1 th0) * (\prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0))) <
    alpha ^+ 2 * (n%:R * (K%:R ^+ L * (K%:R - 1))) by rewrite ltr_pmul2l ?exprn_gt0 // mulrA.
have bd := bound; rewrite -[X in _ <= X]mulrA -P2 mulrC in bd; have {ch bd} ch := lt_le_trans ch bd.
have -> : mu 0%N = alpha / P by [].
rewrite expr_div_n mulrAC ltr_pdivr_mulr ?exprn_gt0 // -(ltr_pmul2r PBp).
by apply: le_lt_trans (lt_le_trans ch _); rewrite mulrA.
Qed.
End Dnc.
