(* A lower bound of the loss of every DNC configuration. With p = L + 1, x = K Lambda and t = s^p the mean diagonal,
   the pointwise bound and the inequality of means give

       loss >= f_x(s) = (1 - s^p)^2 / 2 + p x s^2 / 2,

   and f_x(s) >= (1 - b^p)^2 / 2 + p b^p (1 - b^p) / 2 for all s as soon as g(b) = b^(p-2) (1 - b^p) <= x and
   (p - 2) / (p - 1) <= b^p <= 1: the right side is f_g(b)(b), the least value of f_g(b). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure Better.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Means.
Variable R : rcfType.

Lemma agm_ord k (E : 'I_k.+1 -> R) : (forall i, 0 <= E i) ->
  \prod_i E i <= ((\sum_i E i) / k.+1%:R) ^+ k.+1.
Proof.
move=> E0; have := @leif_AGM R [finType of 'I_k.+1] predT E (fun i _ => E0 i).
by rewrite cardT size_enum_ord => /leifP; case: ifP => _ => [/eqP ->|/ltW].
Qed.

Lemma agm_layers m (x y : R) (f : 'I_m -> R) : 0 <= x -> 0 <= y -> (forall l, 0 <= f l) ->
  x * (\prod_l f l) * y <= ((x + \sum_l f l + y) / m.+2%:R) ^+ m.+2.
Proof.
move=> x0 y0 f0.
pose E (i : 'I_m.+2) := if unlift ord0 i is Some j then if unlift ord_max j is Some l then f l else y else x.
have E0 : E ord0 = x by rewrite /E unlift_none.
have Em l : E (lift ord0 (widen_ord (leqnSn m) l)) = f l.
  rewrite /E liftK; have -> : widen_ord (leqnSn m) l = lift ord_max l.
    by apply: val_inj; rewrite /= /bump leqNgt ltn_ord.
  by rewrite liftK.
have El : E (lift ord0 ord_max) = y by rewrite /E liftK unlift_none.
have hs : \sum_i E i = x + \sum_l f l + y.
  by rewrite big_ord_recl big_ord_recr /= E0 El (eq_bigr _ (fun l _ => Em l)) addrA.
have hp : \prod_i E i = x * \prod_l f l * y.
  by rewrite big_ord_recl big_ord_recr /= E0 El (eq_bigr _ (fun l _ => Em l)) mulrA.
rewrite -hs -hp; apply: agm_ord => i; rewrite /E.
by case: unliftP => // j _; case: unliftP.
Qed.

Lemma root_exists k (t : R) : (0 < k)%N -> 0 <= t -> exists2 s : R, 0 <= s & s ^+ k = t.
Proof.
move=> k0 t0; have t1 : 0 <= 1 + t by rewrite addr_ge0 ?ler01.
have [||s /andP [s0 _] /rootP] := @poly_ivt R ('X^k - t%:P) 0 (1 + t) => //.
  rewrite !hornerE !hornerXn expr0n gtn_eqF // sub0r oppr_le0 t0 subr_ge0 /=.
  have h1 : 1 <= 1 + t by rewrite ler_addl.
  case: k k0 => // k _; rewrite exprS; apply: (@le_trans _ _ (1 + t)); first by rewrite ler_addr ler01.
  by rewrite ler_pemulr ?exprn_ege1.
by rewrite !hornerE hornerXn => /eqP; rewrite subr_eq0 => /eqP; exists s.
Qed.

(* 2 (m + 1) w^m <= (m + 2) + m w^(2m + 2) *)
Lemma young m (w : R) : 0 <= w -> (2 * m.+1)%:R * w ^+ m <= m.+2%:R + m%:R * w ^+ (2 * m.+1).
Proof.
move=> w0; rewrite -subr_ge0.
(* the difference is a sum of m (m + 2) terms (w - 1) (w^(m + i) - w^j) >= 0, i < m + 2, j < m *)
have n1 : m.+1%:R = m%:R + 1 :> R by rewrite mulrSr.
have n2 : m.+2%:R = m%:R + 2 :> R by rewrite -addn2 natrD.
have geo k : w ^+ k - 1 = (w - 1) * \sum_(i < k) w ^+ i.
  by rewrite subrX1.
have E : m.+2%:R + m%:R * w ^+ (2 * m.+1) - (2 * m.+1)%:R * w ^+ m =
    \sum_(i < m.+2) \sum_(j < m) (w - 1) * (w ^+ (m + i) - w ^+ j).
  rewrite (eq_bigr (fun i : 'I_m.+2 => (w - 1) * (m%:R * w ^+ m * w ^+ i) - (w ^+ m - 1))) => [|i _].
    rewrite sumrB -mulr_sumr -mulr_sumr mulrCA -geo sumr_const card_ord -[(_ - 1) *+ _]mulr_natr.
    have -> : w ^+ (2 * m.+1) = w ^+ m * w ^+ m.+2 by rewrite -exprD; congr (_ ^+ _); rewrite mul2n -addnn addSnnS.
    by rewrite natrM n1 n2; move: (w ^+ m.+2) => v; ring.
  rewrite -mulr_sumr sumrB mulrBr -geo; congr (_ * _ - _).
  by rewrite sumr_const card_ord -mulr_natl exprD mulrA.
rewrite E; apply: sumr_ge0 => i _; apply: sumr_ge0 => j _.
have jm : (j <= m + i)%N by rewrite (leq_trans (ltnW (ltn_ord j))) // leq_addr.
have [h|h] := lerP 1 w.
  by rewrite mulr_ge0 ?subr_ge0 // ler_weexpn2l.
by rewrite mulr_le0 // subr_le0 ?(ltW h) // ler_wiexpn2l // (ltW h).
Qed.

Definition dnc_curve p (x s : R) : R := (1 - s ^+ p) ^+ 2 / 2 + p%:R * x * s ^+ 2 / 2.

(* f_x(s) >= the value at b: linear in b^p, so enough at b^p = 1 and b^p = (p - 2) / (p - 1) *)
Lemma curve_ge m (x b s : R) : 0 <= s -> 0 < b -> b ^+ m.+2 <= 1 -> m%:R <= m.+1%:R * b ^+ m.+2 ->
  b ^+ m * (1 - b ^+ m.+2) <= x ->
  (1 - b ^+ m.+2) ^+ 2 / 2 + m.+2%:R * (b ^+ m.+2 * (1 - b ^+ m.+2)) / 2 <= dnc_curve m.+2 x s.
Proof.
move=> s0 bp b1 bm gx; set p := m.+2; pose w := s / b; set tau := b ^+ p in b1 bm gx *.
have w0 : 0 <= w by rewrite divr_ge0 // ltW.
have sE : s = w * b by rewrite divfK ?gt_eqF.
apply: (@le_trans _ _ (dnc_curve p (b ^+ m * (1 - tau)) s)); last first.
  by rewrite /dnc_curve ler_add2l ler_pmul2r ?invr_gt0 ?ltr0n // ler_wpmul2r ?exprn_ge0 // ler_wpmul2l ?ler0n.
have m1 : 0 < m.+1%:R :> R by rewrite ltr0n.
have y := young m w0.
set d := m.+2%:R + m%:R * w ^+ (2 * m.+1) - (2 * m.+1)%:R * w ^+ m; have d0 : 0 <= d by rewrite subr_ge0.
have E : dnc_curve p (b ^+ m * (1 - tau)) s - ((1 - tau) ^+ 2 / 2 + p%:R * (tau * (1 - tau)) / 2) =
    tau / 2 * ((1 - tau) * (w ^+ 2 * d) + (m.+1%:R * tau - m%:R) * (w ^+ p - 1) ^+ 2).
  have wE : w ^+ (2 * m.+1) = w ^+ m * w ^+ m * w ^+ 2.
    by rewrite -!exprD; congr (_ ^+ _); rewrite mul2n -addnn addn2 addnS.
  have spE : s ^+ p = w ^+ m * w ^+ 2 * tau by rewrite sE exprMn /tau /p -[m.+2]addn2 !exprD.
  have tE : tau = b ^+ m * b ^+ 2 by rewrite /tau /p -exprD addn2.
  rewrite /dnc_curve /d spE wE [w ^+ p](_ : _ = w ^+ m * w ^+ 2); last by rewrite /p -exprD addn2.
  have -> : p%:R * (b ^+ m * (1 - tau)) * s ^+ 2 = p%:R * (1 - tau) * (tau * w ^+ 2).
    by rewrite sE tE exprMn; ring.
  have n1 : m.+1%:R = m%:R + 1 :> R by rewrite mulrSr.
  have n2 : m.+2%:R = m%:R + 2 :> R by rewrite -addn2 natrD.
  rewrite /p natrM n2 n1; clearbody tau; move: tau (w ^+ m) m%:R {b1 bm gx tE spE n1 n2 d d0 y} => t v k; by field.
have tau0 : 0 <= tau by rewrite exprn_ge0 // ltW.
have h1 : 0 <= (1 - tau) * (w ^+ 2 * d) by rewrite mulr_ge0 ?subr_ge0 // mulr_ge0 ?sqr_ge0.
have h2 : 0 <= (m.+1%:R * tau - m%:R) * (w ^+ p - 1) ^+ 2 by rewrite mulr_ge0 ?sqr_ge0 // subr_ge0.
by rewrite -subr_ge0 E mulr_ge0 ?divr_ge0 ?ler0n // addr_ge0.
Qed.
End Means.

Section Bound.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N).
Notation sq := (@sqnorm R _ _).
Variables (lam : nat -> R) (th : weights R K L n d).
Hypothesis lamp : forall l, (l <= L)%N -> 0 < lam l.
Definition strengths := n%:R * (lam 0%N * (\prod_(l < L.-1) lam l.+1) * lam L).

(* From a bound of the product of the squared norms to one of the loss: here the inequality of means comes in. *)
Lemma means_bound (k x s : R) : 0 <= x -> 0 <= s -> s ^+ L.+1 = scale th -> (1 - scale th) ^+ 2 / 2 <= fit th ->
  n%:R * k * scale th ^+ 2 <= sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th) ->
  x ^+ L.+1 <= strengths * k -> dnc_curve L.+1 x s <= loss lam th.
Proof.
move=> x0 s0 st hf hp xL; rewrite /dnc_curve st.
have lam_ge l : (l <= L)%N -> 0 <= lam l by move=> lL; rewrite ltW ?lamp.
have lL (l : 'I_L.-1) : (l.+1 <= L)%N by rewrite (leq_trans (ltn_ord l)) // leq_pred.
set a0 := sq (H1 th) in hp *; pose a l := sq (hidden th l); set aL := sq (WL th) in hp *.
set S := lam 0%N * a0 + \sum_(l < L.-1) lam l.+1 * a l + lam L * aL.
have -> : loss lam th = fit th + S / 2.
  rewrite lossE /S 2!mulrDl mulr_suml -!addrA; congr (_ + (_ + (_ + _))); rewrite -/a0 -/aL.
  - by rewrite mulrAC.
  - by apply: eq_bigr => l _; rewrite mulrAC.
  - by rewrite mulrAC.
apply: ler_add => //; rewrite ler_pmul2r ?invr_gt0 ?ltr0n //.
have S0 : 0 <= S / L.+1%:R.
  apply: divr_ge0; last exact: ler0n.
  rewrite !addr_ge0 ?mulr_ge0 ?sq_ge0 ?lam_ge //.
  by apply: sumr_ge0 => l _; rewrite mulr_ge0 ?sq_ge0 ?lam_ge.
have xs0 : 0 <= x * s ^+ 2 by rewrite mulr_ge0 ?exprn_ge0.
suff h : x * s ^+ 2 <= S / L.+1%:R.
  by move: h; rewrite ler_pdivl_mulr ?ltr0n // -[X in _ -> X <= _]mulrA [X in _ -> X <= _]mulrC.
rewrite -(ler_pexpn2r (ltn0Sn L)) ?nnegrE //.
have agm := @agm_layers R L.-1 (lam 0%N * a0) (lam L * aL) (fun l => lam l.+1 * a l).
have LE : L.-1.+2 = L.+1 by case: L L0.
rewrite LE in agm; apply: le_trans (agm _ _ _); rewrite ?mulr_ge0 ?sq_ge0 ?lam_ge //; last first.
  by move=> l; rewrite mulr_ge0 ?sq_ge0 ?lam_ge.
rewrite (exprMn L.+1 x) -[(s ^+ 2) ^+ _]exprM mulnC exprM st big_split /=.
set P := lam 0%N * (\prod_(l < L.-1) lam l.+1) * lam L.
have lp : 0 <= P by rewrite !mulr_ge0 ?prodr_ge0 ?lam_ge // => l _; rewrite lam_ge.
have h := ler_wpmul2r (sqr_ge0 (scale th)) xL; rewrite /strengths -/P in h.
have h2 := ler_wpmul2l lp hp.
apply: le_trans h _; apply: (@le_trans _ _ (P * (n%:R * k * scale th ^+ 2))).
  by apply: eqW; clearbody P; ring.
apply: le_trans h2 _; apply: eqW; rewrite /P /a.
move: (\prod_(l < L.-1) lam _) (\prod_(l < L.-1) sq _) => p1 p2; ring.
Qed.

(* DNC: loss >= f_x(s) for x = K c, c^p <= n lam_0 ... lam_L, and s^p the mean diagonal *)
Theorem dnc_bound (c s : R) : (1 < L)%N -> is_dnc th -> 0 <= c -> 0 <= s -> s ^+ L.+1 = scale th ->
  c ^+ L.+1 <= strengths -> dnc_curve L.+1 (K%:R * c) s <= loss lam th.
Proof.
move=> L2 dnc c0 s0 st cL; apply: (@means_bound (K%:R ^+ L.+1)) => //; first by rewrite mulr_ge0 ?ler0n.
- exact: fit_bound.
- exact: product_bound.
- by rewrite exprMn mulrC ler_wpmul2r ?exprn_ge0 ?ler0n.
Qed.

(* From the x at which DNC's best loss reaches 1/2 on, no DNC configuration is better than zero weights. *)
Theorem dnc_collapsed : (1 < L)%N -> is_dnc th ->
  (L.-1)%:R ^+ L.-1 <= L%:R ^+ (L.*2) * (K%:R ^+ L.+1 * strengths) -> 1 / 2 <= loss lam th.
Proof.
move=> L2 dnc hS.
have [tp|t0] := ltrP 0 (scale th); last exact: nonpos_scale.
set m := L.-1 in hS; have Lm : L = m.+1 by rewrite /m; case: L L0.
have m0 : (0 < m)%N by rewrite -ltnS -Lm.
rewrite Lm in hS; have m1 : 0 < m.+1%:R :> R by rewrite ltr0n.
have mr : 0 < m%:R :> R by rewrite ltr0n.
have Kr : 0 < K%:R :> R by rewrite ltr0n.
have [s s0 st] := @root_exists R L.+1 _ isT (ltW tp).
have [b b0 bt] := @root_exists R m.+2 (m%:R / m.+1%:R) isT (divr_ge0 (ltW mr) (ltW m1)).
have bp : 0 < b by rewrite lt_def b0 andbT; apply: contraTneq (divr_gt0 mr m1) => b_; rewrite -bt b_ expr0n ltxx.
have n1 : m.+1%:R = m%:R + 1 :> R by rewrite mulrSr.
have n2 : m.+2%:R = m%:R + 2 :> R by rewrite -addn2 natrD.
have gap : 1 - b ^+ m.+2 = m.+1%:R^-1 by rewrite bt n1; rewrite n1 in m1; field; rewrite gt_eqF.
pose g := b ^+ m * (1 - b ^+ m.+2); have g0 : 0 <= g by rewrite /g gap mulr_ge0 ?exprn_ge0 // invr_ge0 ltW.
have gE : g ^+ m.+2 = m%:R ^+ m / m.+1%:R ^+ (m.+1).*2.
  rewrite /g gap exprMn -exprM mulnC exprM bt expr_div_n exprVn -mulrA; congr (_ * _).
  by rewrite -invfM -exprD; congr (_ ^-1); congr (_ ^+ _); rewrite -addnn addnS addSn.
have KE : K%:R * (g / K%:R) = g by rewrite mulrC divfK ?gt_eqF.
have hd := @dnc_bound (g / K%:R) s L2 dnc; rewrite KE in hd.
apply: le_trans (hd _ s0 st _) => {hd}; last first.
- rewrite expr_div_n ler_pdivr_mulr ?exprn_gt0 // Lm gE ler_pdivr_mulr ?exprn_gt0 //.
  by apply: le_trans hS _; apply: eqW; move: (_ ^+ _.*2) (_ ^+ m.+2) => u v; ring.
- by rewrite divr_ge0 // ltW.
rewrite Lm; apply: le_trans (curve_ge s0 bp _ _ (lexx _)).
- by rewrite gap bt n2 n1; rewrite n1 in m1; apply: eqW; field; rewrite gt_eqF.
- by rewrite bt ler_pdivr_mulr // mul1r ler_nat.
- by rewrite bt mulrC divfK ?gt_eqF.
Qed.
End Bound.
