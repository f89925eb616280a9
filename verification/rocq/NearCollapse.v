(* Near the collapse of DNC: what an interval certificate for K0 classes says of every K >= K0 at the same x = K Lambda.
   On K0 classes stand the certificate's weights, on the others identities with output s^p, the mean diagonal of the DNC
   configuration to be beaten. Where the interval reaches past the collapse, nothing above it is left to beat. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Wider Better LowerBound.
From Dufm Require Import Integer Factors Fraction CheckPoint CheckInterval.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sum.
Variables (R : rcfType) (K0 K1 D n : nat) (d : nat -> nat).
Notation K := (K0 + K1)%N.
Notation L := D.+1.
Notation p := D.+2.
Notation sq := (@sqnorm R _ _).
Variables (X : 'M[R]_(d 0%N, K0)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K0, d D)).
Variables (lam : nat -> R) (Lam s : R).
Hypotheses (K0p : (0 < K0)%N) (np : (0 < n)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l) (Lamp : 0 < Lam) (s0 : 0 <= s).
Hypothesis LamE : Lam ^+ p = strengths L n lam.

Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K0r : 0 < K0%:R :> R. Proof. by rewrite ltr0n. Qed.
Let Kr : 0 < K%:R :> R. Proof. by rewrite ltr0n addn_gt0 K0p. Qed.
Let r0 := Num.sqrt (Lam / (n%:R * lam 0%N)).
Let r l := Num.sqrt (Lam / lam l.+1).
Let rL := Num.sqrt (Lam / lam L).
Let lam0p : 0 < lam 0%N. Proof. exact: lamp. Qed.
Let lamLp : 0 < lam L. Proof. exact: lamp. Qed.
Let lamlp (l : 'I_D) : 0 < lam l.+1. Proof. by apply: lamp; apply: ltnW; apply: (ltn_ord l). Qed.
Let r_ge0 l : 0 <= r l. Proof. exact: sqrtr_ge0. Qed.

Definition beside : weights R K L n (summed K1 d) :=
  @copied R K L n (summed K1 d) (X' K1 X r0 (r0 * s)) (W' K1 W r (fun l => r l * s)) (@V' R K0 K1 L d V rL (rL * s)).

Lemma beside_output : @V' R K0 K1 L d V rL (rL * s) *m feature (W' K1 W r (fun l => r l * s)) (X' K1 X r0 (r0 * s)) D =
  block_mx (V *m feature W X D) 0 0 (s ^+ p)%:M.
Proof.
have one : rL * (r0 * \prod_(l < D) r l) = 1 by apply: (rescaled_one np lamp Lamp LamE).
rewrite feature_sum ?mulr_ge0 ?sqrtr_ge0 // => [|l]; last by rewrite mulr_ge0.
rewrite /V' mulmx_block !(mul0mx, mulmx0, addr0, add0r) -!scalemxAl -!scalemxAr !scalerA mul1mx one scale1r.
congr (block_mx _ _ _ _); rewrite scalemx1; congr (_%:M).
rewrite big_split /= prodr_const card_ord.
have -> : rL * s * (r0 * s * (\prod_(i < D) r i * s ^+ D)) = rL * (r0 * \prod_(l < D) r l) * (s * (s * s ^+ D)) by ring.
by rewrite one mul1r !exprS.
Qed.

Lemma sq_beside (A : 'M[R]_K0) (c : R) :
  sq (block_mx A 0 0 (c%:M : 'M_K1) - 1%:M : 'M[R]_K) = sq (A - 1%:M) + (c - 1) ^+ 2 * K1%:R.
Proof.
have E := sq_block (A - 1%:M) ((c - 1)%:M : 'M[R]_K1).
transitivity (sq (block_mx (A - 1%:M) 0 0 ((c - 1)%:M : 'M[R]_K1))).
  by congr sqnorm; rewrite (scalar_mx_block K0 K1 1) opp_block_mx add_block_mx !subr0 raddfB.
rewrite {}E; congr (_ + _); rewrite -scalemx1 sqZ sq1 //.
Qed.
Lemma beside_loss : K%:R * loss lam beside =
  K0%:R * ((2 * K0%:R)^-1 * sq (V *m feature W X D - 1%:M) + K%:R * Lam / K0%:R * @norms R K0 D d X W V / 2)
  + K1%:R * dnc_curve p (K%:R * Lam) s.
Proof.
rewrite copied_loss ?addn_gt0 ?K0p // /= beside_output.
rewrite sq_beside sqX' sqV'.
rewrite (eq_bigr (fun l : 'I_D => Lam / 2 * sq (W l) + Lam / 2 * (s ^+ 2 * K1%:R))) => [|l _]; last first.
  rewrite sqW' exprMn sqr_sqrtr; last by rewrite divr_ge0 // ltW.
  by move: (lam l.+1) (lamlp l) (sq _) => y yp z; field; rewrite gt_eqF.
rewrite big_split /= -mulr_sumr sumr_const card_ord -[_ *+ D]mulr_natl !exprMn.
rewrite !sqr_sqrtr ?divr_ge0 ?mulr_ge0 ?(ltW nr) ?(ltW lam0p) ?(ltW lamLp) ?(ltW Lamp) //.
rewrite /norms /dnc_curve; have -> : p%:R = D%:R + 2 :> R by rewrite -[p]addn2 natrD.
move: (s ^+ p) (\sum_(l < D) _) (sq X) (sq V) (sq (V *m _ - _)) (lam L) lamLp (lam 0%N) lam0p => sp a b e f y yp z zp.
move: n%:R nr K0%:R K0r Kr => m mp k0 k0p; rewrite natrD; move: K1%:R => k1 kp.
by field; rewrite !gt_eqF.
Qed.
End Sum.

Section Near.
Variables (R : rcfType) (K0 : nat) (c : piece).
Notation f := (ifactors c).
Notation D := (size (middle f)).
Notation p := D.+2.
Hypotheses (K0p : (0 < K0)%N) (Dp : (0 < D)%N) (ok : check_piece K0 D.+1 c).

Theorem piece_near K n d (lam : nat -> R) (th : weights R K D.+1 n d) : (K0 <= K)%N -> (0 < n)%N ->
  (forall l, (l < D.+1)%N -> (width f + (K - K0) <= d l)%N) -> (forall l, (l <= D.+1)%N -> 0 < lam l) ->
  (K0%:R * fR R (low c)) ^+ p <= K%:R ^+ p * strengths D.+1 n lam <= (K0%:R * fR R (high c)) ^+ p ->
  is_dnc th -> ~ global_minimiser lam th.
Proof.
move=> KK np wd lamp hS dnc gm; move: th wd hS dnc gm.
have [K1 ->] : exists K1, K = (K0 + K1)%N by exists (K - K0)%N; rewrite subnKC.
rewrite addKn => th wd hS dnc gm; case/and4P: ok => _ _ e1 e2.
have [x1 _ b1] := end_facts R K0p ok e1; have [x2 _ b2] := end_facts R K0p ok e2.
have Kn : (0 < K0 + K1)%N by rewrite addn_gt0 K0p.
have Kr : 0 < (K0 + K1)%:R :> R by rewrite ltr0n.
have K0r : 0 < K0%:R :> R by rewrite ltr0n.
have S0 : 0 < strengths D.+1 n lam.
  have h0 : 0 < (K0%:R * fR R (low c)) ^+ p by apply: exprn_gt0; apply: mulr_gt0.
  by case/andP: (hS) => h1 _; have := lt_le_trans h0 h1; rewrite pmulr_rgt0 ?exprn_gt0.
have [Lam L0 LE] := @root_exists R p _ isT (ltW S0).
have Lp : 0 < Lam by rewrite lt_def L0 andbT; apply: contraTneq S0 => L_; rewrite -LE L_ expr0n ltxx.
pose Lam0 := (K0 + K1)%:R * Lam / K0%:R; have xE : K0%:R * Lam0 = (K0 + K1)%:R * Lam by rewrite mulrC divfK ?gt_eqF.
have L00 : 0 <= Lam0 by rewrite /Lam0 !mulr_ge0 ?invr_ge0 ?(ltW Kr) ?(ltW Lp) ?(ltW K0r).
have hL : fR R (low c) <= Lam0 <= fR R (high c).
  have ge0 x : 0 <= x -> K0%:R * x \is Num.nneg by move=> x_ge0; rewrite nnegrE mulr_ge0 ?ler0n.
  move: hS; rewrite -LE -exprMn -xE !(ler_pexpn2r (ltn0Sn _)) ?ge0 ?(ltW x1) ?(ltW x2) //.
  by rewrite !ler_pmul2l.
have [s s0 hs] : exists2 s : R, 0 <= s & dnc_curve p ((K0 + K1)%:R * Lam) s <= loss lam th.
  have [tp|t0] := ltrP 0 (scale th).
    have [s s0 st] := @root_exists R p _ isT (ltW tp); exists s => //.
    by apply: dnc_bound => //; rewrite ?LE.
  exists 0 => //; rewrite /dnc_curve !expr0n /= mulr0 mul0r addr0 subr0 expr1n.
  exact: nonpos_scale.
have hb := @beside_loss R K0 K1 D n (fun=> width f) (fX R K0 f) (fW R f) (fV R K0 f) lam Lam s K0p np lamp Lp s0 LE.
pose th' := @beside R K0 K1 D n (fun=> width f) (fX R K0 f) (fW R f) (fV R K0 f) lam Lam s.
pose b := @norms R K0 D (fun=> width f) (fX R K0 f) (fW R f) (fV R K0 f).
have small : misfit R K0 f + Lam0 * b / 2 < dnc_curve p (K0%:R * Lam0) s.
  move: (b1 s s0) (b2 s s0); rewrite /dnc_curve.
  have E (z : R) : p%:R * (K0%:R * z) * s ^+ 2 / 2 = z * (p%:R * K0%:R * s ^+ 2 / 2).
    by move: (p%:R : R) => q; ring.
  rewrite -!/b !E -![_ * b / 2]mulrA; exact: affine_between.
suff : loss lam th' < loss lam th by have := gm (wider d th'); rewrite wider_loss // leNgt => /negbTE ->.
apply: lt_le_trans hs; rewrite -(ltr_pmul2l Kr) hb; rewrite xE in small.
set cv := dnc_curve _ _ _ in small *.
have -> : (K0 + K1)%:R * cv = K0%:R * cv + K1%:R * cv by rewrite natrD mulrDl.
by rewrite ltr_add2r ltr_pmul2l.
Qed.

(* the upper end is where DNC has collapsed: ((p - 2) / (p - 1))^(p - 2) / (p - 1)^p <= (K0 high)^p *)
Definition past_collapse : bool :=
  fle (fpow (fnat D) D) (fmul (fpow (fnat D.+1) (D.+1).*2) (fpow (fmul (fnat K0) (high c)) p)).

Theorem near_collapse K n d (lam : nat -> R) (th : weights R K D.+1 n d) : past_collapse -> (K0 <= K)%N -> (0 < n)%N ->
  (forall l, (l < D.+1)%N -> (width f + (K - K0) <= d l)%N) -> (forall l, (l <= D.+1)%N -> 0 < lam l) ->
  (K0%:R * fR R (low c)) ^+ p <= K%:R ^+ p * strengths D.+1 n lam ->
  is_dnc th -> loss lam th < loss lam (zero_weights : weights R K D.+1 n d) -> ~ global_minimiser lam th.
Proof.
move=> past KK np wd lamp lo dnc small; have Kp : (0 < K)%N by apply: leq_trans K0p KK.
have [hi|hi] := lerP (K%:R ^+ p * strengths D.+1 n lam) ((K0%:R * fR R (high c)) ^+ p).
  by apply: piece_near; rewrite // lo.
exfalso; move: small; rewrite loss_zero // ltNge => /negP; apply; apply: dnc_collapsed => //.
case/and4P: ok => _ _ _ /and4P [/(fpos_R R) [_ hk] _ _ _].
have := fle_R (fok_pow _ (fok_nat R D)) (fok_mul (fok_pow _ (fok_nat R _)) (fok_pow _ (fok_mul (fok_nat R _) hk))) past.
rewrite !(fR_mul, fR_pow, fR_nat) /= => h; apply: le_trans h _; rewrite ler_wpmul2l ?exprn_ge0 ?ler0n //.
exact: ltW.
Qed.
End Near.

(* The same in the words of Model.v. *)
Lemma x_powerE (R : rcfType) K L n (lam : nat -> R) : (0 < L)%N -> x_power K L n lam = K%:R ^+ L.+1 * strengths L n lam.
Proof.
case: L => // m _; rewrite /x_power /strengths; congr (_ * (_ * _)).
by rewrite big_ord_recl big_ord_recr /= mulrA.
Qed.
