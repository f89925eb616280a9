(* Direct sums: a unit structure on K0 classes of cost below K0^(L+1), beside identities on K1 further classes, has a
   smaller loss than any given DNC configuration on K0 + K1 classes with a positive mean diagonal t. Every |W_l| and the
   mean diagonal stay as they are; only |H_1| shrinks. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalars.
Variable R : rcfType.
Lemma scalar1 (x y p q k0 k a b : R) :
  x * (p / y) / q * (k0 * (a / k) / b) = x * k0 * (p * a / (y * k)) / (q * b).
Proof. rewrite !invfM; move: y^-1 q^-1 k^-1 b^-1 => y1 q1 k1 b1; ring. Qed.
Lemma scalar2 (t S P s : R) : P * s = S -> S != 0 -> s * (t / S * P) = t.
Proof. by move=> <- h; rewrite mulrCA [s * P]mulrC mulfVK. Qed.
Lemma scalar4 (t x z q c k : R) : x != 0 -> z != 0 -> q != 0 ->
  t / (x * z / q) * c + t / z * k = t / z * (c * q / x + k).
Proof. by move=> x0 z0 q0; field; rewrite x0 z0 q0. Qed.
Lemma scalar5 (m k y t p : R) : m * (t / (p / y) * k) = m * (y * k) * t / p.
Proof. rewrite invf_div; move: p^-1 => p1; ring. Qed.
Lemma scalar6 (t k m : R) : k != 0 -> m != 0 -> (2 * (k * m))^-1 * (m * ((t - 1) ^+ 2 * k)) = (1 - t) ^+ 2 / 2.
Proof. by move=> k0 m0; field; rewrite k0 m0. Qed.
End Scalars.

Section Sum.
Variables (R : rcfType) (K0 K1 L n : nat) (d : nat -> nat).
Notation K := (K0 + K1)%N.
Definition summed l := (d l + K1)%N.
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Hypotheses (K0p : (0 < K0)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N).
Variables (X : 'M[R]_(d 0%N, K0)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K0, d L.-1)).
Hypothesis unitXWV : unit_structure X W V.
Hypothesis cheap : cost X W V < K0%:R ^+ L.+1.

Section Scaled.
Variables (s0 u0 sL uL : R) (s u : nat -> R).
Hypotheses (s0p : 0 <= s0) (u0p : 0 <= u0) (sp : forall l, 0 <= s l) (up : forall l, 0 <= u l).
Definition X' : 'M[R]_(summed 0, K) := block_mx (s0 *: X) 0 0 (u0 *: 1%:M).
Definition W' l : 'M[R]_(summed l.+1, summed l) := block_mx (s l *: W l) 0 0 (u l *: 1%:M).
Definition V' : 'M[R]_(K, summed L.-1) := block_mx (sL *: V) 0 0 (uL *: 1%:M).

Lemma feature_sum l : feature W' X' l =
  block_mx ((s0 * \prod_(j < l) s j) *: feature W X l) 0 0 ((u0 * \prod_(j < l) u j) *: 1%:M).
Proof.
elim: l => [|l IH] /=; first by rewrite !big_ord0 !mulr1.
have pP (v : nat -> R) : (forall l, 0 <= v l) -> 0 <= \prod_(j < l) v j by move=> h; apply: prodr_ge0.
rewrite IH /W' mulmx_block !(mul0mx, mulmx0, addr0, add0r) relu_block -!scalemxAl -!scalemxAr !scalerA.
rewrite !big_ord_recr /= !reluZ ?mulr_ge0 ?pP // mul1mx relu1.
by rewrite ![_ * (_ * \prod_(j < l) _)]mulrC !mulrA.
Qed.

Lemma output_sum t : sL * (s0 * \prod_(j < L.-1) s j) = t -> uL * (u0 * \prod_(j < L.-1) u j) = t ->
  V' *m feature W' X' L.-1 = t%:M.
Proof.
move=> st ut; rewrite feature_sum /V' mulmx_block !(mul0mx, mulmx0, addr0, add0r).
rewrite -!scalemxAl -!scalemxAr !scalerA st ut unitXWV mul1mx.
by rewrite !scalemx1 -scalar_mx_block.
Qed.

Lemma sqX' : sq X' = s0 ^+ 2 * sq X + u0 ^+ 2 * K1%:R.
Proof. by rewrite sq_block !sqZ sq1. Qed.
Lemma sqW' l : sq (W' l) = s l ^+ 2 * sq (W l) + u l ^+ 2 * K1%:R.
Proof. by rewrite sq_block !sqZ sq1. Qed.
Lemma sqV' : sq V' = sL ^+ 2 * sq V + uL ^+ 2 * K1%:R.
Proof. by rewrite sq_block !sqZ sq1. Qed.
End Scaled.

(* The norms to be matched: those of a DNC configuration, of which only the two pointwise bounds are used. *)
Variables (t aH aL : R) (a : nat -> R).
Hypotheses (tp : 0 < t) (a_ge0 : forall l, 0 <= a l) (aL_ge0 : 0 <= aL).
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n addn_gt0 K0p. Qed.
Let K0r : 0 < K0%:R :> R. Proof. by rewrite ltr0n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let PA := \prod_(l < L.-1) a l * aL.
Hypothesis boundA : n%:R * K%:R ^+ L.+1 * t ^+ 2 <= aH * PA.

Let PA_gt0 : 0 < PA.
Proof.
have h : 0 <= PA by rewrite mulr_ge0 // prodr_ge0.
rewrite lt_def h andbT; apply: contraTneq boundA => ->; rewrite mulr0 -ltNge.
by rewrite !mulr_gt0 ?exprn_gt0.
Qed.
Let a_gt0 l : (l < L.-1)%N -> 0 < a l.
Proof.
move=> lL; rewrite lt_def a_ge0 andbT; apply: contraTneq PA_gt0 => al.
by rewrite /PA (bigD1 (Ordinal lL)) //= al !mul0r ltxx.
Qed.
Let aL_gt0 : 0 < aL.
Proof. by rewrite lt_def aL_ge0 andbT; apply: contraTneq PA_gt0 => al; rewrite /PA al mulr0 ltxx. Qed.
Let b l := sq (W l).
Let bL := sq V.
Let bX := sq X.
Let PB := \prod_(l < L.-1) b l * bL.
Let b_gt0 l : (l < L.-1)%N -> 0 < b l. Proof. by have [_ + _] := unit_pos K0p unitXWV; apply. Qed.
Let bL_gt0 : 0 < bL. Proof. by have [] := unit_pos K0p unitXWV. Qed.
Let PB_gt0 : 0 < PB.
Proof. by rewrite mulr_gt0 ?prodr_gt0 // => i _; apply: b_gt0. Qed.

Let u l := Num.sqrt (a l / K%:R).
Let uL := Num.sqrt (aL / K%:R).
Let s l := Num.sqrt (K0%:R * (a l / K%:R) / b l).
Let sL := Num.sqrt (K0%:R * (aL / K%:R) / bL).
Let U := \prod_(l < L.-1) u l * uL.
Let S := \prod_(l < L.-1) s l * sL.
Let usq l : u l ^+ 2 = a l / K%:R. Proof. by rewrite sqr_sqrtr // divr_ge0 // ltW. Qed.
Let uLsq : uL ^+ 2 = aL / K%:R. Proof. by rewrite sqr_sqrtr // divr_ge0 // ltW. Qed.
Let ssq l : s l ^+ 2 = K0%:R * (a l / K%:R) / b l.
Proof. by rewrite sqr_sqrtr // divr_ge0 ?sq_ge0 // mulr_ge0 ?divr_ge0 // ltW. Qed.
Let sLsq : sL ^+ 2 = K0%:R * (aL / K%:R) / bL.
Proof. by rewrite sqr_sqrtr // divr_ge0 ?sq_ge0 // mulr_ge0 ?divr_ge0 // ltW. Qed.
Let L1 : L = L.-1.+1. Proof. by case: L L2. Qed.
Let Usq : U ^+ 2 = PA / K%:R ^+ L.
Proof.
rewrite exprMn uLsq -prodrXl (eq_bigr (fun l : 'I_L.-1 => a l / K%:R)) => [|l _]; last exact: usq.
by rewrite prodf_div prodr_const card_ord mulf_div [in RHS]L1 exprSr.
Qed.
Let Ssq : S ^+ 2 = K0%:R ^+ L * (PA / K%:R ^+ L) / PB.
Proof.
rewrite exprMn sLsq -prodrXl (eq_bigr (fun l : 'I_L.-1 => K0%:R * (a l / K%:R) / b l)) => [|l _]; last exact: ssq.
rewrite !(prodf_div, big_split) /= !prodr_const card_ord /= [in RHS]L1 !exprSr /PA /PB.
exact: scalar1.
Qed.
Let U_gt0 : 0 < U.
Proof.
apply: mulr_gt0; last by rewrite sqrtr_gt0 divr_gt0.
by apply: prodr_gt0 => l _; rewrite sqrtr_gt0 divr_gt0 ?a_gt0.
Qed.
Let S_gt0 : 0 < S.
Proof.
apply: mulr_gt0; last first.
  by rewrite sqrtr_gt0; apply: divr_gt0 => //; apply: mulr_gt0 => //; apply: divr_gt0.
apply: prodr_gt0 => l _; rewrite sqrtr_gt0; apply: divr_gt0; last exact: b_gt0.
by apply: mulr_gt0 => //; apply: divr_gt0; rewrite ?a_gt0.
Qed.
Let s0 := t / S.
Let u0 := t / U.

Definition better : weights R K L n summed := Weights (X' s0 u0 *m Y) (W' s u) (V' sL uL).

Lemma better_output : output better = t%:M *m Y.
Proof.
rewrite /output /= feature_mulY mulmxA; congr (_ *m _).
apply: output_sum => [|| l | l ||]; rewrite ?sqrtr_ge0 //.
- by apply: divr_ge0; apply: ltW.
- by apply: divr_ge0; apply: ltW.
- by apply: scalar2; rewrite ?gt_eqF.
- by apply: scalar2; rewrite ?gt_eqF.
Qed.

Lemma scalar3 (x y : R) : 0 < y -> K0%:R * (x / K%:R) / y * y + x / K%:R * K1%:R = x.
Proof. by move=> y0; rewrite divfK ?gt_eqF // mulrC -mulrDr -natrD divfK ?gt_eqF. Qed.
Lemma better_hidden l : (l < L.-1)%N -> sq (hidden better l) = a l.
Proof. by move=> lL; rewrite sqW' ssq usq scalar3 // b_gt0. Qed.
Lemma better_WL : sq (WL better) = aL.
Proof. by rewrite sqV' sLsq uLsq scalar3. Qed.
Lemma better_H1 : sq (H1 better) < aH.
Proof.
rewrite sqY sqX' /s0 /u0 (expr_div_n t S) (expr_div_n t U) Ssq Usq.
have x0 : 0 < K0%:R ^+ L :> R by rewrite exprn_gt0.
have z0 : 0 < PA / K%:R ^+ L by rewrite divr_gt0 ?exprn_gt0.
rewrite scalar4 ?gt_eqF //.
apply: (@lt_le_trans _ _ (n%:R * (t ^+ 2 / (PA / K%:R ^+ L) * (K0%:R + K1%:R)))).
  rewrite ltr_pmul2l // ltr_pmul2l ?divr_gt0 // ?exprn_gt0 // ltr_add2r ltr_pdivr_mulr // -exprS.
  by move: cheap; rewrite /cost /bX /PB mulrA.
have -> : n%:R * (t ^+ 2 / (PA / K%:R ^+ L) * (K0%:R + K1%:R)) = n%:R * K%:R ^+ L.+1 * t ^+ 2 / PA.
  by rewrite -natrD scalar5 [K%:R ^+ L.+1]exprSr.
by rewrite ler_pdivr_mulr.
Qed.
Lemma better_fit : fit better = (1 - t) ^+ 2 / 2.
Proof.
rewrite /fit better_output -{2}[Y]mul1mx -mulmxBl sqY -raddfB /= -scalemx1 sqZ sq1 natrM.
by rewrite scalar6 ?gt_eqF.
Qed.
End Sum.
