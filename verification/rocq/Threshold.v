(* One threshold. Scale a network so that its output follows DNC's best output T: at the x where T is DNC's best, the
   difference of the losses divided by T is affine in T,

       G(T) = (1 - T)(w - e) + T (e^2 + d) / 2,      d >= 0 by Cauchy-Schwarz,

   where it is negative w < e, so it is more negative at every smaller T, that is at every larger x up to the collapse. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better LowerBound AllWeights ModelFacts Balance.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Numbers.
Variable R : rcfType.

(* the least loss of DNC where its output is T I *)
Definition dnc_least p (T : R) : R := (1 - T) ^+ 2 / 2 + p%:R * (T * (1 - T)) / 2.

(* a network with correlation r, squared output q and regulariser g, at T1; scaled by k = T2 / T1, at T2 *)
Lemma affine_gap p (T1 T2 q r g : R) : (0 < p)%N -> 0 < T2 -> T2 <= T1 -> T1 < 1 -> r ^+ 2 <= q ->
  (q - 2 * r + 1) / 2 + g < dnc_least p T1 ->
  ((T2 / T1) ^+ 2 * q - 2 * (T2 / T1) * r + 1) / 2 + T2 / T1 * ((1 - T2) / (1 - T1)) * g < dnc_least p T2.
Proof.
move=> p0 T2p T21 T1l rq below.
have T1p : 0 < T1 by apply: lt_le_trans T21.
have l1 : 0 < 1 - T1 by rewrite subr_gt0.
have pr : 0 < p%:R :> R by rewrite ltr0n.
have h2 : 0 < 2 :> R by rewrite ltr0n.
pose e := r / T1 - 1; pose dd := (q - r ^+ 2) / T1 ^+ 2; pose w := g / (T1 * (1 - T1)) - p%:R / 2.
have dd0 : 0 <= dd by rewrite divr_ge0 ?subr_ge0 ?sqr_ge0.
pose G T := (1 - T) * (w - e) + T * (e ^+ 2 + dd) / 2.
have E1 : (q - 2 * r + 1) / 2 + g - dnc_least p T1 = T1 * G T1.
  by rewrite /G /e /w /dd /dnc_least; field; rewrite !gt_eqF.
have E2 : ((T2 / T1) ^+ 2 * q - 2 * (T2 / T1) * r + 1) / 2 + T2 / T1 * ((1 - T2) / (1 - T1)) * g - dnc_least p T2 =
    T2 * G T2.
  by rewrite /G /e /w /dd /dnc_least; field; rewrite !gt_eqF.
rewrite -subr_lt0 E2 pmulr_rlt0 //; rewrite -subr_lt0 E1 pmulr_rlt0 // in below.
set z := (e ^+ 2 + dd) / 2; have z0 : 0 <= z.
  by apply: divr_ge0 (ltW h2); apply: addr_ge0 => //; apply: sqr_ge0.
have GE T : G T = w - e + T * (z - (w - e)) by rewrite /G /z; field.
have neg : w - e < 0.
  rewrite -(pmulr_rlt0 _ l1); apply: le_lt_trans below.
  by rewrite /G -mulrA ler_addl mulr_ge0 // ltW.
apply: le_lt_trans below; rewrite !GE ler_add2l ler_wpmul2r // subr_ge0; apply: le_trans z0; exact: ltW.
Qed.

(* x(u) = u^m (1 - u^(m + 2)), falling from x* at u* to 0 at 1, takes every value between *)
Definition strength m (u : R) : R := u ^+ m * (1 - u ^+ m.+2).
Lemma strength_onto m (a b x : R) : a <= b -> strength m b <= x -> x <= strength m a ->
  exists2 u, a <= u <= b & strength m u = x.
Proof.
have E y : (x%:P - 'X^m * (1%:P - 'X^m.+2)).[y] = x - strength m y.
  by rewrite /strength hornerD hornerN hornerM hornerD hornerN !hornerXn !hornerC.
move=> ab hb ha; have [||u hu /rootP] := @poly_ivt R (x%:P - 'X^m * (1%:P - 'X^m.+2)) a b => //.
  by rewrite !E subr_le0 subr_ge0 ha.
by rewrite E => /eqP; rewrite subr_eq0 => /eqP h; exists u.
Qed.
Lemma curve_strength m (u : R) : dnc_curve m.+2 (strength m u) u = dnc_least m.+2 (u ^+ m.+2).
Proof.
rewrite /dnc_curve /dnc_least /strength; congr (_ + _ / 2); rewrite -[m.+2 in LHS]addn2 exprD.
by rewrite -[m.+2]addn2 exprD; ring.
Qed.
End Numbers.

(* where DNC collapses: x*^(L + 1) = (L - 1)^(L - 1) / L^(2 L) *)
Lemma collapse_point (R : rcfType) m : exists2 u : R, 0 <= u &
  u ^+ m.+2 = m%:R / m.+1%:R /\ strength m u ^+ m.+2 = m%:R ^+ m / m.+1%:R ^+ (m.+1).*2.
Proof.
have m1 : 0 < m.+1%:R :> R by rewrite ltr0n.
have [u u0 uE] := @root_exists R m.+2 (m%:R / m.+1%:R) isT (divr_ge0 (ler0n _ _) (ltW m1)).
exists u => //; split=> //; rewrite /strength exprMn -exprM mulnC exprM uE.
have -> : 1 - m%:R / m.+1%:R = m.+1%:R^-1 :> R.
  by move: m1; rewrite mulrSr => m1; field; rewrite gt_eqF.
rewrite expr_div_n exprVn -mulrA; congr (_ * _).
by rewrite -invfM -exprD; congr (_ ^-1); congr (_ ^+ _); rewrite -addnn addnS addSn.
Qed.

Section Threshold.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam lam' : nat -> R).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N).
Hypotheses (Kd : forall l, (l < L)%N -> (K <= d l)%N).
Hypotheses (lamp : forall l, (l <= L)%N -> 0 < lam l) (lamp' : forall l, (l <= L)%N -> 0 < lam' l).
Let L0 : (0 < L)%N. Proof. exact: ltnW. Qed.
Notation m := L.-1.
Let Lm : m.+2 = L.+1. Proof. by case: L L0. Qed.
Notation power f := (x_power K L n f).

Lemma power_strengths (f : nat -> R) : power f = K%:R ^+ L.+1 * strengths L n f.
Proof. by rewrite /x_power /strengths prod_ends. Qed.
Lemma power_gt0 (f : nat -> R) : (forall l, (l <= L)%N -> 0 < f l) -> 0 < power f.
Proof.
move=> fp; rewrite /x_power mulr_gt0 ?exprn_gt0 ?ltr0n // mulr_gt0 ?ltr0n //.
by apply: prodr_gt0 => l _; rewrite fp // -ltnS.
Qed.

(* the fit of an output v Z is a square in v, and Cauchy-Schwarz *)
Let N0 : 0 < (K * n)%:R :> R. Proof. by rewrite ltr0n muln_gt0 Kp. Qed.
Lemma sq_targets : sqnorm (Y R K n) = (K * n)%:R.
Proof. by rewrite -[Y R K n]mul1mx sqY sq1 -natrM mulnC. Qed.
Lemma fitE (th t : weights R K L n d) v : output t = v *: output th ->
  fit t = (v ^+ 2 * (sqnorm (output th) / (K * n)%:R) - 2 * v * scale th + 1) / 2.
Proof.
move=> E; rewrite /fit E -[X in _ - X]scale1r -scaleNr sqE !(dotDl, dotDr, dotZl, dotZr) -!sqE sq_targets.
rewrite (dotC (Y R K n)) /dot trace_scale //.
by move: (K * n)%:R (sqnorm _) N0 => N z h; field; rewrite gt_eqF.
Qed.
Lemma scale_sq (th : weights R K L n d) : scale th ^+ 2 <= sqnorm (output th) / (K * n)%:R.
Proof.
have := CS (output th) (Y R K n); rewrite sq_targets /dot trace_scale // => h.
rewrite ler_pdivl_mulr // -(ler_pmul2r N0); apply: le_trans h; apply: eqW; ring.
Qed.

(* no DNC configuration is below the least loss *)
Lemma dnc_at_least (u x : R) (th : weights R K L n d) : 0 < u -> u ^+ L.+1 <= 1 -> m%:R <= L%:R * u ^+ L.+1 ->
  strength m u = x -> x ^+ L.+1 = power lam -> is_dnc th -> dnc_least L.+1 (u ^+ L.+1) <= loss lam th.
Proof.
move=> u0 u1 um xE xp dnc; have L1 : m.+1 = L by rewrite prednK.
have [tp|t0] := ltrP 0 (scale th); last first.
  apply: le_trans (nonpos_scale Kp n0 lamp L2 dnc t0); rewrite -subr_ge0 /dnc_least.
  have -> : L.+1%:R = L%:R + 1 :> R by rewrite mulrSr.
  have mE : m%:R = L%:R - 1 :> R by rewrite -{2}L1 mulrSr addrK.
  rewrite mE in um; move: (u ^+ _) um u1 (exprn_ge0 L.+1 (ltW u0)) => T um T1 T0.
  have -> : 1 / 2 - ((1 - T) ^+ 2 / 2 + (L%:R + 1) * (T * (1 - T)) / 2) = T * (L%:R * T - (L%:R - 1)) / 2 :> R by field.
  by rewrite divr_ge0 ?ler0n // mulr_ge0 ?subr_ge0.
have [s s0 st] := @root_exists R L.+1 _ isT (ltW tp).
have Kr : 0 < K%:R :> R by rewrite ltr0n.
have x0 : 0 <= x by rewrite -xE /strength mulr_ge0 ?exprn_ge0 ?subr_ge0 ?Lm ?(ltW u0).
have hd := @dnc_bound R K L n d Kp n0 L0 lam th lamp (x / K%:R) s L2 dnc.
rewrite [K%:R * _]mulrC divfK ?gt_eqF // in hd; apply: le_trans (hd _ s0 st _); last first.
- by rewrite expr_div_n xp power_strengths mulrC mulKf // expf_neq0 // gt_eqF.
- by rewrite divr_ge0 // ltW.
have := @curve_ge R m x u s s0 u0; rewrite Lm L1; apply=> //.
by rewrite -xE /strength Lm.
Qed.

Hypothesis weaker : power lam' <= power lam.
Hypothesis below_collapse : L%:R ^+ (L.*2) * power lam <= m%:R ^+ m.

Theorem one_threshold : dnc_optimal K L n d lam -> dnc_optimal K L n d lam'.
Proof.
move=> opt th; have L1 : m.+1 = L by rewrite prednK.
have mr : 0 < m%:R :> R by rewrite ltr0n -ltnS L1.
have Lr : 0 < L%:R :> R by rewrite ltr0n.
have [us us0 [usE xsE]] := collapse_point R m; rewrite Lm L1 in usE xsE.
have [x x0 xE] := @root_exists R L.+1 _ isT (ltW (power_gt0 lamp)).
have [x' x0' xE'] := @root_exists R L.+1 _ isT (ltW (power_gt0 lamp')).
have root_lt y : 0 <= y -> 0 < y ^+ L.+1 -> 0 < y.
  by move=> y0 yp; rewrite lt_def y0 andbT; apply: contraTneq yp => ->; rewrite expr0n ltxx.
have xp : 0 < x by rewrite root_lt // xE power_gt0.
have xp' : 0 < x' by rewrite root_lt // xE' power_gt0.
have usp : 0 < us by rewrite root_lt // usE divr_gt0.
have us1 : us ^+ L.+1 <= 1 by rewrite usE ler_pdivr_mulr // mul1r ler_nat leq_pred.
have us_le : us <= 1 by rewrite -(@expr_le1 _ L.+1).
have xs0 : 0 <= strength m us by rewrite /strength mulr_ge0 ?exprn_ge0 ?subr_ge0 ?Lm.
have xs : x <= strength m us.
  rewrite -(ler_pexpn2r (ltn0Sn L)) ?nnegrE // xsE xE ler_pdivl_mulr ?exprn_gt0 // mulrC.
  exact: below_collapse.
have xx : x' <= x by rewrite -(ler_pexpn2r (ltn0Sn L)) ?nnegrE // xE xE'.
have s1 : strength m 1 = 0 :> R by rewrite /strength !expr1n subrr mulr0.
have [|u1 /andP [lo1 hi1] E1] := @strength_onto R m us 1 x' us_le _ (le_trans xx xs); first by rewrite s1.
have [|u2 /andP [lo2 hi2] E2] := @strength_onto R m us u1 x lo1 _ xs; first by rewrite E1.
have u1p : 0 < u1 by apply: lt_le_trans lo1.
have u2p : 0 < u2 by apply: lt_le_trans lo2.
have late u : us <= u -> m%:R <= L%:R * u ^+ L.+1.
  move=> lo; apply: (@le_trans _ _ (L%:R * us ^+ L.+1)); first by rewrite usE mulrC divfK ?gt_eqF.
  by rewrite ler_wpmul2l ?ler0n // ler_expn2r ?nnegrE ?(le_trans us0 lo).
pose T1 : R := u1 ^+ L.+1; pose T2 : R := u2 ^+ L.+1.
have T1l : T1 < 1.
  rewrite lt_neqAle /T1 exprn_ile1 ?(ltW u1p) // andbT; apply/eqP => h.
  by move: xp'; rewrite -E1 /strength Lm h subrr mulr0 ltxx.
have T2p : 0 < T2 by apply: exprn_gt0.
have T21 : T2 <= T1 by rewrite ler_expn2r ?nnegrE ?(ltW u1p) ?(ltW u2p).
have T1p : 0 < T1 by apply: exprn_gt0.
have [D dncD lossD] := dnc_reached Kp n0 L0 Kd lamp' x0' (ltW u1p) xE'.
exists D => //; rewrite lossD -E1 -Lm curve_strength Lm -/T1 leNgt; apply/negP => below.
(* the network, scaled to the output of DNC at x *)
pose k := T2 / T1; pose c := k * ((1 - T2) / (1 - T1)).
have k0 : 0 <= k by rewrite divr_ge0 ?ltW.
have c0 : 0 <= c by rewrite mulr_ge0 // divr_ge0 ?subr_ge0 ?(ltW T1l) // (le_trans T21) // ltW.
have cE : c = (u2 / u1) ^+ 2 * (x / x').
  rewrite /c /k -E1 -E2 /strength Lm -/T1 -/T2 {1}/T1 {1}/T2 -Lm -[m.+2]addn2 !exprD.
  have := lt0r_neq0 (exprn_gt0 m u1p); have := lt0r_neq0 u1p; have : 1 - T1 != 0 by rewrite subr_eq0 eq_sym lt_eqF.
  move: (u1 ^+ m) (u2 ^+ m) (1 - T1) (1 - T2) => a b e f e0 v0 a0.
  by field; rewrite e0 v0 a0.
have [|th2 [out sz _]] := @rebalance R K L n d L0 lam lam' c k th lamp lamp' c0 k0.
  have w0 : K%:R ^+ L.+1 * n%:R != 0 :> R by rewrite mulf_neq0 ?expf_neq0 ?pnatr_eq0 -?lt0n.
  have P f (y : R) : y ^+ L.+1 = power f -> \prod_(l < L.+1) f l = y ^+ L.+1 / (K%:R ^+ L.+1 * n%:R).
    by move=> ->; rewrite /x_power mulrA mulrC mulKf.
  have z0 := expf_neq0 L.+1 (lt0r_neq0 xp').
  have -> : c ^+ L.+1 = (T2 / T1) ^+ 2 * (x ^+ L.+1 / x' ^+ L.+1).
    by rewrite cE exprMn -exprM mulnC exprM (expr_div_n u2) (expr_div_n x).
  rewrite (P _ _ xE) (P _ _ xE') /k.
  by move: (x ^+ _) (x' ^+ _) z0 (_ * n%:R) w0 => y z z0 w w0; field; rewrite z0 w0 gt_eqF.
have [D2 dnc2 h2] := opt th2.
have low := le_trans (dnc_at_least u2p (le_trans T21 (ltW T1l)) (late _ lo2) E2 xE dnc2) h2.
move: low; rewrite -/T2 leNgt => /negP; apply.
rewrite loss_size sz (fitE out); apply: affine_gap (scale_sq th) _ => //.
by move: below; rewrite loss_size (fitE (v := 1) (esym (scale1r _))) expr1n mul1r mulr1.
Qed.
End Threshold.

(* Zero weights that are optimal stay so: fixed weights with fit z and regulariser s x have a loss that rises with x. *)
Section Zero.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam lam' : nat -> R).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N).
Hypotheses (lamp : forall l, (l <= L)%N -> 0 < lam l) (lamp' : forall l, (l <= L)%N -> 0 < lam' l).
Notation zero := (zero_weights : weights R K L n d).

Theorem zero_stays : x_power K L n lam <= x_power K L n lam' -> global_minimiser lam zero -> global_minimiser lam' zero.
Proof.
move=> h gm th; have Kr : 0 < K%:R ^+ L.+1 :> R by rewrite exprn_gt0 ?ltr0n.
have P f : (forall l, (l <= L)%N -> 0 < f l) -> 0 < \prod_(l < L.+1) f l :> R.
  by move=> fp; apply: prodr_gt0 => l _; rewrite fp // -ltnS.
move: h; rewrite /x_power ler_pmul2l // ler_pmul2l ?ltr0n // => h.
have [c c0 cE] := @root_exists R L.+1 (\prod_(l < L.+1) lam l / \prod_(l < L.+1) lam' l) isT
  (divr_ge0 (ltW (P _ lamp)) (ltW (P _ lamp'))).
have c1 : c <= 1 by rewrite -(@expr_le1 _ L.+1) // cE ler_pdivr_mulr ?mul1r // P.
have [|th2 [out sz _]] := @rebalance R K L n d L0 lam lam' c 1 th lamp lamp' c0 ler01.
  by rewrite expr1n mul1r cE divfK // gt_eqF // P.
rewrite loss_zero // -(@loss_zero R K L n d Kp n0 lam); apply: le_trans (gm th2) _.
rewrite !loss_size sz /fit out scale1r ler_add2l ler_pimull // /size.
have mono l x : (l <= L)%N -> 0 <= x -> 0 <= lam' l / 2 * x.
  by move=> lL x0; rewrite mulr_ge0 // divr_ge0 ?ler0n // ltW ?lamp'.
rewrite !addr_ge0 ?mono ?sq_ge0 //; apply: sumr_ge0 => l _; apply: mono; rewrite ?sq_ge0 //.
by rewrite (leq_trans (ltn_ord l)) // leq_pred.
Qed.
End Zero.
