(* One x is enough: weights for K0 classes below DNC at one x, scaled as DNC's best output falls with x (Threshold.v), are
   below it at every larger x up to the collapse; beside them stand further classes (NearCollapse.v). *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Wider Better LowerBound Balance Threshold.
From Dufm Require Import Integer Factors Fraction CheckPoint CheckInterval NearCollapse.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scaled.
Variables (R : rcfType) (K0 D : nat) (d : nat -> nat).
Notation p := D.+2.
Notation sq := (@sqnorm R _ _).
Variables (X : 'M[R]_(d 0%N, K0)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K0, d D)).
Hypotheses (K0p : (0 < K0)%N).
Let K0r : 0 < K0%:R :> R. Proof. by rewrite ltr0n. Qed.
Let O := V *m feature W X D.
Let b := @norms R K0 D d X W V.

Lemma small_later (u1 u2 : R) : 0 < u2 -> u2 <= u1 -> u1 ^+ p < 1 ->
  (2 * K0%:R)^-1 * sq (O - 1%:M) + strength D u1 / K0%:R * b / 2 < dnc_least p (u1 ^+ p) ->
  (2 * K0%:R)^-1 * sq ((u2 / u1 *: V) *m feature (fun l => u2 / u1 *: W l) (u2 / u1 *: X) D - 1%:M) +
    strength D u2 / K0%:R * @norms R K0 D d (u2 / u1 *: X) (fun l => u2 / u1 *: W l) (u2 / u1 *: V) / 2 <
  dnc_least p (u2 ^+ p).
Proof.
move=> u2p u21 u11 h; have u1p : 0 < u1 := lt_le_trans u2p u21.
set e := u2 / u1; have e0 : 0 <= e by rewrite divr_ge0 // ltW.
have out : (e *: V) *m feature (fun l => e *: W l) (e *: X) D = e ^+ p *: O.
  rewrite (feature_scaled W X (w := fun=> e)) // prodr_const card_ord -scalemxAl -scalemxAr scalerA.
  by rewrite -!exprS.
have nb : @norms R K0 D d (e *: X) (fun l => e *: W l) (e *: V) = e ^+ 2 * b.
  rewrite /norms !sqZ (eq_bigr (fun l : 'I_D => e ^+ 2 * sq (W l))) => [|l _]; last by rewrite sqZ.
  by rewrite -mulr_sumr -!mulrDr.
have sq_minus (A : 'M[R]_K0) (k : R) : (2 * K0%:R)^-1 * sq (k *: A - 1%:M) =
    (k ^+ 2 * (sq A / K0%:R) - 2 * k * (\tr A / K0%:R) + 1) / 2.
  rewrite -scaleN1r sqE !(dotDl, dotDr, dotZl, dotZr) (dotC 1%:M) !dot1 -!sqE mxtrace1.
  by move: (sq A) (\tr A) => a t; field; rewrite gt_eqF.
rewrite out nb sq_minus.
have -> : e ^+ p = u2 ^+ p / u1 ^+ p by rewrite expr_div_n.
have -> : strength D u2 / K0%:R * (e ^+ 2 * b) / 2 =
    u2 ^+ p / u1 ^+ p * ((1 - u2 ^+ p) / (1 - u1 ^+ p)) * (strength D u1 / K0%:R * b / 2).
  rewrite /strength /e; have := lt0r_neq0 (exprn_gt0 D u1p); have : 1 - u1 ^+ p != 0 by rewrite subr_eq0 eq_sym lt_eqF.
  have -> : u2 ^+ p = u2 ^+ D * u2 ^+ 2 by rewrite -exprD addn2.
  have -> : u1 ^+ p = u1 ^+ D * u1 ^+ 2 by rewrite -exprD addn2.
  move: (u1 ^+ D) (u2 ^+ D) => v w a0 v0; field; rewrite v0 a0 !gt_eqF //.
apply: affine_gap => //; rewrite ?exprn_gt0 //.
- by rewrite ler_expn2r ?nnegrE ?(ltW u1p) ?(ltW u2p).
- rewrite expr_div_n ler_pdivr_mulr ?exprn_gt0 // -dot1; have := CS O 1%:M; rewrite sq1.
  congr (_ <= _); move: (sq O) => z; by field; rewrite gt_eqF.
by move: h; rewrite -[O in X in X -> _]scale1r sq_minus expr1n mul1r mulr1.
Qed.
End Scaled.

Section From.
Variables (R : rcfType) (K0 : nat) (c : piece).
Notation f := (ifactors c).
Notation D := (seq.size (middle f)).
Notation p := D.+2.
Hypotheses (K0p : (0 < K0)%N) (Dp : (0 < D)%N) (ok : check_piece K0 D.+1 c).

Theorem near_from K n d (lam : nat -> R) (th : weights R K D.+1 n d) : (K0 <= K)%N -> (0 < n)%N ->
  (forall l, (l < D.+1)%N -> (width f + (K - K0) <= d l)%N) -> (forall l, (l <= D.+1)%N -> 0 < lam l) ->
  (K0%:R * fR R (low c)) ^+ p <= K%:R ^+ p * strengths D.+1 n lam ->
  is_dnc th -> loss lam th < loss lam (zero_weights : weights R K D.+1 n d) -> ~ global_minimiser lam th.
Proof.
move=> KK np wd lamp hS dnc small gm; have Kp : (0 < K)%N by apply: leq_trans K0p KK.
rewrite loss_zero // in small.
have mr : 0 < D%:R :> R by rewrite ltr0n.
have Lr : 0 < D.+1%:R :> R by rewrite ltr0n.
have [collapsed|below] := lerP (D%:R ^+ D) (D.+1%:R ^+ (D.+1).*2 * (K%:R ^+ p * strengths D.+1 n lam)).
  by have := dnc_collapsed Kp np (ltn0Sn D) lamp Dp dnc collapsed; rewrite leNgt small.
case/and4P: ok => _ _ e1 _; have [x1 _ b1] := end_facts R K0p ok e1.
have K0r : 0 < K0%:R :> R by rewrite ltr0n.
have Kr : 0 < K%:R :> R by rewrite ltr0n.
set y1 := K0%:R * fR R (low c) in b1 hS; have y1p : 0 < y1 by rewrite mulr_gt0.
have S0 : 0 < strengths D.+1 n lam.
  by have := lt_le_trans (exprn_gt0 p y1p) hS; rewrite pmulr_rgt0 ?exprn_gt0.
have [Lam L0 LE] := @root_exists R p _ isT (ltW S0).
have Lp : 0 < Lam by rewrite lt_def L0 andbT; apply: contraTneq S0 => L_; rewrite -LE L_ expr0n ltxx.
set x := K%:R * Lam; have xp : 0 < x by rewrite mulr_gt0.
have xE : x ^+ p = K%:R ^+ p * strengths D.+1 n lam by rewrite exprMn LE.
have yx : y1 <= x by rewrite -(ler_pexpn2r (ltn0Sn D.+1)) ?nnegrE ?(ltW y1p) ?(ltW xp) // xE.
have [us us0 [usE xsE]] := collapse_point R D.
have usp : 0 < us.
  rewrite lt_def us0 andbT; apply: contraTneq (divr_gt0 mr Lr) => z.
  by rewrite -usE z expr0n ltxx.
have us1 : us ^+ p <= 1 by rewrite usE ler_pdivr_mulr // mul1r ler_nat.
have us_le : us <= 1 by rewrite -(@expr_le1 _ p).
have xs : x <= strength D us.
  have s0 : 0 <= strength D us by rewrite /strength mulr_ge0 ?exprn_ge0 ?subr_ge0.
  rewrite -(ler_pexpn2r (ltn0Sn D.+1)) ?nnegrE ?(ltW xp) // xsE xE ler_pdivl_mulr ?exprn_gt0 // mulrC.
  exact: ltW.
have [|u1 /andP [lo1 hi1] E1] := @strength_onto R D us 1 y1 us_le _ (le_trans yx xs).
  by rewrite /strength !expr1n subrr mulr0 ltW.
have [|u2 /andP [lo2 hi2] E2] := @strength_onto R D us u1 x lo1 _ xs; first by rewrite E1.
have u1p : 0 < u1 := lt_le_trans usp lo1; have u2p : 0 < u2 := lt_le_trans usp lo2.
have T1 : u1 ^+ p < 1.
  rewrite lt_neqAle exprn_ile1 ?(ltW u1p) // andbT; apply/eqP => h.
  by move: y1p; rewrite -E1 /strength h subrr mulr0 ltxx.
have T2 : u2 ^+ p <= 1 by rewrite (le_trans _ (ltW T1)) // ler_expn2r ?nnegrE ?(ltW u1p) ?(ltW u2p).
have late : D%:R <= D.+1%:R * u2 ^+ p.
  apply: (@le_trans _ _ (D.+1%:R * us ^+ p)); first by rewrite usE mulrC divfK ?gt_eqF.
  by rewrite ler_wpmul2l ?ler0n // ler_expn2r ?nnegrE ?(ltW u2p).
(* the certificate's weights at y1, and scaled at x *)
have fK (z : R) : K0%:R * z / K0%:R = z by rewrite mulrC mulKf // gt_eqF.
have at1 : misfit R K0 f + y1 / K0%:R * @norms R K0 D (fun=> width f) (fX R K0 f) (fW R f) (fV R K0 f) / 2 <
    dnc_least p (u1 ^+ p).
  by have := b1 u1 (ltW u1p); rewrite -E1 curve_strength E1 /y1 fK.
rewrite -E1 in at1; have := small_later K0p u2p hi2 T1 at1; rewrite E2.
set e := u2 / u1; set X := e *: fX R K0 f; set W := fun l => e *: fW R f l; set V := e *: fV R K0 f => at2.
have [s s0 hs] : exists2 s : R, 0 <= s & dnc_curve p x s <= loss lam th.
  have [tp|t0] := ltrP 0 (scale th).
    have [s s0 st] := @root_exists R p _ isT (ltW tp); exists s => //.
    by apply: dnc_bound => //; rewrite ?LE.
  exists 0 => //; rewrite /dnc_curve !expr0n /= mulr0 mul0r addr0 subr0 expr1n.
  exact: nonpos_scale.
have {at2} at2 := lt_le_trans at2 (curve_ge s0 u2p T2 late (eqW E2)).
move: th wd dnc small gm hs; have [K1 EK] : exists K1, K = (K0 + K1)%N by exists (K - K0)%N; rewrite subnKC.
rewrite EK addKn => th wd dnc small gm hs; rewrite /x EK in hs at2.
have hb := @beside_loss R K0 K1 D n (fun=> width f) X W V lam Lam s K0p np lamp Lp s0 LE.
pose th' := @beside R K0 K1 D n (fun=> width f) X W V lam Lam s.
suff : loss lam th' < loss lam th by have := gm (wider d th'); rewrite wider_loss // leNgt => /negbTE ->.
have Kr' : 0 < (K0 + K1)%:R :> R by rewrite -EK.
apply: lt_le_trans hs; rewrite -(ltr_pmul2l Kr') hb.
set cv := dnc_curve _ _ _ in at2 *.
have -> : (K0 + K1)%:R * cv = K0%:R * cv + K1%:R * cv by rewrite natrD mulrDl.
by rewrite ltr_add2r ltr_pmul2l.
Qed.
End From.

(* the certificate begins no later than x = (1000 a + b) / 1000^2, and its widest layer has w neurons more than classes *)
Definition begins K0 (c0 : piece) (a b w : nat) : bool :=
  fle (fmul (fmul (fnat K0) (low c0)) (fmul (fnat 1000) (fnat 1000))) (fadd (fmul (fnat a) (fnat 1000)) (fnat b)) &&
  (width (ifactors c0) == (K0 + w)%N).

Theorem wins_from K0 L (c : interval) (c0 : piece) (a b w : nat) : check_interval c -> c = Interval K0 L [:: c0] ->
  begins K0 c0 a b w -> forall K, (K0 <= K)%N -> low_rank_wins_from (a * 1000 + b) (1000 * 1000) K L (K + w).
Proof.
move=> ok Ec /andP [le /eqP wE] K KK R n d lam th np wd lamp hS.
move: ok; rewrite {}Ec => /and5P [/= K0p L2 _ _ /andP [/andP [ok _] _]].
have EL : (seq.size (middle (ifactors c0))).+1 = L by case/and4P: ok => /eqP.
have Dp : (0 < seq.size (middle (ifactors c0)))%N by rewrite -ltnS EL.
have [low0 lowk] : 0 < fR R (low c0) /\ fok R (low c0).
  by case/and4P: ok => _ _ /and4P [/(fpos_R R)].
have lowx : 0 <= K0%:R * fR R (low c0) by rewrite mulr_ge0 ?ler0n // ltW.
have start : K0%:R * fR R (low c0) <= (a * 1000 + b)%:R / (1000 * 1000)%:R.
  have nk := fok_nat R; have := fle_R (fok_mul (fok_mul (nk K0) lowk) (fok_mul (nk _) (nk _))) (fok_add (fok_mul (nk a) (nk _)) (nk b)) le.
  rewrite fR_add ?fok_mul ?fok_nat // !fR_mul !fR_nat natrD !natrM ler_pdivl_mulr //.
  by rewrite mulr_gt0 ?ltr0n.
move: th ok lamp wd hS; rewrite -EL => th ok lamp wd hS.
apply: (near_from K0p Dp ok KK np _ lamp) => [l lL|]; first by rewrite wE addnAC subnKC ?wd.
move: hS; rewrite x_powerE //; apply: le_trans.
by rewrite ler_expn2r ?nnegrE ?(le_trans lowx).
Qed.
