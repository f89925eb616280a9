(* Scaling the factors of a network, one by one: only the product of the strengths matters, and every s >= 0 has a DNC
   configuration with the loss f_x(s) = (1 - s^p)^2 / 2 + p x s^2 / 2, p = L + 1, x = K Lambda. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better LowerBound ModelFacts.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Rescale.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypothesis L0 : (0 < L)%N.
Implicit Types (th : weights R K L n d) (lam mu : nat -> R).
Notation sq := (@sqnorm R _ _).

Definition size lam th : R :=
  lam 0%N / 2 * sq (H1 th) + \sum_(l < L.-1) lam l.+1 / 2 * sq (hidden th l) + lam L / 2 * sq (WL th).
Lemma loss_size lam th : loss lam th = fit th + size lam th.
Proof. by rewrite lossE /size !addrA. Qed.

Definition rescale mu th : weights R K L n d :=
  Weights (mu 0%N *: H1 th) (fun l => mu l.+1 *: hidden th l) (mu L *: WL th).

Lemma prod_ends (f : nat -> R) : \prod_(l < L.+1) f l = f 0%N * (\prod_(l < L.-1) f l.+1) * f L.
Proof. by case: L L0 => // m _; rewrite big_ord_recl big_ord_recr /= mulrA. Qed.

Section Mu.
Variable mu : nat -> R.
Hypothesis mu0 : forall l, 0 <= mu l.
Lemma rescale_feature th l : feature (hidden (rescale mu th)) (H1 (rescale mu th)) l =
  (mu 0%N * \prod_(j < l) mu j.+1) *: feature (hidden th) (H1 th) l.
Proof. exact: (feature_scaled (hidden th) (H1 th) (w := fun l => mu l.+1)). Qed.
Lemma rescale_output th : output (rescale mu th) = (\prod_(l < L.+1) mu l) *: output th.
Proof. by rewrite /output rescale_feature -scalemxAl -scalemxAr scalerA prod_ends mulrC. Qed.
Lemma rescale_dnc th : is_dnc th -> is_dnc (rescale mu th).
Proof.
move=> dnc l lL; have [M [c [hF hM]]] := dnc l lL; set k := mu 0%N * \prod_(j < l) mu j.+1.
exists (k *: M), (k ^+ 2 * c); split; first by rewrite rescale_feature hF scalemxAl.
by rewrite [(_ *: M)^T]linearZ -scalemxAl -scalemxAr hM scalerA -expr2 scale_scalar_mx.
Qed.
Lemma rescale_size lam lam' c th : (forall l, (l <= L)%N -> lam l * mu l ^+ 2 = c * lam' l) ->
  size lam (rescale mu th) = c * size lam' th.
Proof.
have one (a b e q : R) : a * e ^+ 2 = c * b -> a / 2 * (e ^+ 2 * q) = c * (b / 2 * q).
  by move=> E; transitivity (a * e ^+ 2 * (q / 2)); [|rewrite E]; ring.
move=> h; rewrite /size !mulrDr /= !sqZ; congr (_ + _ + _).
- by apply: one; apply: h.
- rewrite mulr_sumr; apply: eq_bigr => l _; rewrite sqZ; apply: one; apply: h.
  by rewrite (leq_trans (ltn_ord l)) // leq_pred.
- by apply: one; apply: h.
Qed.
End Mu.

(* from strengths lam' to lam: the output times k, the regulariser times c, if k^2 prod lam = c^(L+1) prod lam' *)
Lemma rebalance lam lam' (c k : R) th :
  (forall l, (l <= L)%N -> 0 < lam l) -> (forall l, (l <= L)%N -> 0 < lam' l) -> 0 <= c -> 0 <= k ->
  k ^+ 2 * \prod_(l < L.+1) lam l = c ^+ L.+1 * \prod_(l < L.+1) lam' l ->
  exists th', [/\ output th' = k *: output th, size lam th' = c * size lam' th & is_dnc th -> is_dnc th'].
Proof.
move=> lp lp' c0 k0 E; pose mu l := Num.sqrt (c * lam' l / lam l).
have mu0 l : 0 <= mu l by rewrite sqrtr_ge0.
have mu2 l : (l <= L)%N -> mu l ^+ 2 = c * lam' l / lam l.
  by move=> lL; rewrite sqr_sqrtr // divr_ge0 ?mulr_ge0 ?(ltW (lp l lL)) ?(ltW (lp' l lL)).
have P : 0 < \prod_(l < L.+1) lam l by apply: prodr_gt0 => l _; rewrite lp // -ltnS.
have -> : k = \prod_(l < L.+1) mu l.
  have m0 : 0 <= \prod_(l < L.+1) mu l by rewrite prodr_ge0.
  apply/eqP; rewrite -(@eqr_expn2 _ 2) //; apply/eqP; apply: (mulIf (lt0r_neq0 P)); rewrite E -prodrXl.
  rewrite [X in _ = X * _](eq_bigr (fun l : 'I_L.+1 => c * lam' l / lam l)) => [|l _]; last by rewrite mu2 // -ltnS.
  by rewrite prodf_div big_split /= prodr_const card_ord divfK // gt_eqF.
exists (rescale mu th); split; [exact: rescale_output | | exact: rescale_dnc].
by apply: rescale_size => l lL; rewrite mu2 // mulrC divfK // gt_eqF // lp.
Qed.
End Rescale.

Section Collapsed.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N).
Hypotheses (Kd : forall l, (l < L)%N -> (K <= d l)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l).
Notation Y := (@Y R K n).
Let Kr : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

Theorem dnc_reached (x s : R) : 0 <= x -> 0 <= s -> x ^+ L.+1 = x_power K L n lam ->
  exists2 th : weights R K L n d, is_dnc th & loss lam th = dnc_curve L.+1 x s.
Proof.
move=> x0 s0 xE; pose one l : R := if l == 0%N then n%:R^-1 else 1.
have one_gt l : 0 < one l by rewrite /one; case: ifP; rewrite ?invr_gt0 ?ltr01.
have one_prod : \prod_(l < L.+1) one l = n%:R^-1.
  by rewrite big_ord_recl big1 ?mulr1.
have c0 : 0 <= s ^+ 2 * x / K%:R by rewrite divr_ge0 ?mulr_ge0 ?exprn_ge0 ?ler0n.
have [|th [out sz dnc]] := rebalance L0 (collapsed R K L n d) lamp (fun l _ => one_gt l) c0 (exprn_ge0 L.+1 s0).
  rewrite one_prod expr_div_n exprMn xE /x_power -!exprM mulnC.
  have := expf_neq0 L.+1 (lt0r_neq0 Kr); move: (\prod_(l < L.+1) lam l) (s ^+ _) (K%:R ^+ _) => a b e e0.
  by field; rewrite e0 gt_eqF.
exists th; first by apply: dnc; apply: collapsed_dnc.
rewrite loss_size sz /fit out collapsed_output // /dnc_curve; congr (_ + _).
  rewrite -{2}[Y]scale1r -scalerBl sqZ -[Y]mul1mx sqY sq1 natrM -[1 - _]opprB sqrrN.
  by move: (_ ^+ 2) => v; field; rewrite !gt_eqF.
have Kd0 := Kd L0; have LL : (L.-1 < L)%N by case: L L0.
rewrite /size /= sqY !sq_pid ?Kd //.
rewrite (eq_bigr (fun=> K%:R / 2)) => [|l _]; last first.
  have lL : (l.+1 < L)%N by rewrite -[X in (_ < X)%N](prednK L0) ltnS ltn_ord.
  by rewrite sq_pid ?Kd // 1?ltnW // /one /= mul1r mulrC.
rewrite sumr_const card_ord -[K%:R / 2 *+ _]mulr_natr /one eqxx gtn_eqF //.
have -> : L.+1%:R = L.-1%:R + 2 :> R by rewrite -natrD addn2; case: (L) L0.
by move: L.-1%:R => m; field; rewrite !gt_eqF.
Qed.
End Collapsed.
