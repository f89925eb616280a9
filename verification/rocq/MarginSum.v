(* Direct sums under margin losses: a structure with margins of at least 1 on K0 classes, beside identities on K1 further
   classes, has a smaller loss than any given collapsed configuration on K0 + K1 classes. The read-out is centred, which
   changes no margin. Every hidden |W_l| stays as it is, |W_L| does not grow, and |H_1| shrinks. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Pointwise Structure Wider DirectSum Balance.
From Dufm Require Import Network Centring MarginBound MarginDnc.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma scalar_H1 (R : rcfType) (n al x k f e g P B m : R) : 0 < P -> 0 < B -> 0 < f -> 0 < e -> 0 < g -> 0 < m ->
  n * (al / (g * (P / (f * e)) / B) * x + al / (P / (f * m)) * k) = n * al * f / P * (x * B * e / g + k * m).
Proof. by move=> *; field; rewrite !gt_eqF. Qed.

Lemma scalar_WL (R : rcfType) (p v k sv k1 a : R) : k != 0 -> k - 1 != 0 ->
  p * v + a / (k - 1) * k1 - k^-1 * (p * sv + a / (k - 1) * k1) = p * (v - k^-1 * sv) + a / k * k1.
Proof. by move=> k0 k10; field; rewrite k0 k10. Qed.
Lemma sq_row (R : rcfType) m p q (A : 'M[R]_(m, p)) (B : 'M[R]_(m, q)) : sqnorm (row_mx A B) = sqnorm A + sqnorm B.
Proof.
rewrite /sqnorm -big_split; apply: eq_bigr => i _; rewrite big_split_ord /=.
by congr (_ + _); apply: eq_bigr => j _; rewrite ?row_mxEl ?row_mxEr.
Qed.

Section Readout.
Variables (R : rcfType) (K : nat).
Hypothesis K0 : (0 < K)%N.
Notation sq := (@sqnorm R _ _).
Notation C := (@centring R K).
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.

(* |1^T V|^2: the squares of the sums of the columns *)
Definition sums m (V : 'M[R]_(K, m)) : R := sq ((const_mx 1 : 'M_(1, K)) *m V).
Lemma centring_mul m (V : 'M[R]_(K, m)) i j : (C *m V) i j = V i j - K%:R^-1 * ((const_mx 1 : 'M_(1, K)) *m V) 0 j.
Proof.
rewrite /centring mulmxBl mul1mx -scalemxAl !mxE; congr (_ - _ * _).
by apply: eq_bigr => l _; rewrite !mxE.
Qed.
Lemma centred_margin (Z : 'M[R]_K) k j : (C *m Z) k k - (C *m Z) j k = Z k k - Z j k.
Proof. by rewrite !centring_mul opprD opprK addrACA addrC addNr add0r. Qed.
Lemma sq_readout m (V : 'M[R]_(K, m)) : sq (C *m V) = sq V - K%:R^-1 * sums V.
Proof.
rewrite -sq_tr trmx_mul centreT; have := sq_centred K0 V^T; rewrite sq_tr => ->.
have -> : V^T *m mean R K = K%:R^-1 *: (((const_mx 1 : 'M_(1, K)) *m V)^T *m (const_mx 1 : 'M_(1, K))).
  have -> : mean R K = K%:R^-1 *: const_mx 1 by rewrite /mean /centring opprB addrC subrK.
  rewrite -scalemxAr trmx_mul -mulmxA; congr (_ *: (_ *m _)).
  by apply/matrixP => i j; rewrite !mxE big_ord1 !mxE mulr1.
rewrite sqZ -[X in _ + _ * X](sq_tr) trmx_mul trmxK; set w := const_mx 1 *m V.
have -> : sq ((const_mx 1 : 'M_(1, K))^T *m w) = K%:R * sums V.
  rewrite /sums -/w /sqnorm exchange_big /= [in RHS]exchange_big mulr_sumr; apply: eq_bigr => j _.
  rewrite big_ord1 (eq_bigr (fun=> w 0 j ^+ 2)) => [|i _]; first by rewrite sumr_const card_ord mulr_natl.
  by rewrite !mxE big_ord1 !mxE mul1r.
by rewrite expr2 -mulrA [K%:R^-1 * (K%:R * _)]mulrA mulVf ?gt_eqF // mul1r addrK.
Qed.
End Readout.

Section Sum.
Variables (R : rcfType) (K0 K1 L n : nat) (d : nat -> nat).
Notation K := (K0 + K1)%N.
Variables (ell : 'I_K -> 'cV[R]_K -> R) (r : rival).
Variables (phi : features R) (net : network phi).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Hypotheses (K02 : (1 < K0)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N) (ml : margin_loss ell).
Variables (X : 'M[R]_(d 0%N, K0)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K0, d L.-1)).
Let O := V *m phi W X L.-1.
Hypothesis margins : forall k j, j != k -> 1 <= O k k - O j k.
Hypothesis diagonal : (0 < K1)%N -> forall k, 1 <= O k k.
Let K0p : (0 < K0)%N. Proof. exact: ltnW. Qed.
Let K2 : (1 < K)%N. Proof. exact: leq_trans K02 (leq_addr _ _). Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n ltnW. Qed.
Let K0r : 0 < K0%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let e : R := (each r K)%:R.
Let e0 : R := (each r K0)%:R.
Let e0p : 0 < e0. Proof. by rewrite ltr0n; case: r; rewrite //= -subn1 subn_gt0. Qed.
Let eE : e = e0 + K1%:R.
Proof. by rewrite /e /e0 -natrD; case: r => //=; case: (K0) K0p. Qed.
Let ep : 0 < e. Proof. by rewrite eE ltr_paddr ?ler0n. Qed.
Let eK : e <= K%:R. Proof. by rewrite ler_nat; case: r => //=; apply: leq_pred. Qed.

Let b l := sq (W l).
Let beta := sq V - K%:R^-1 * sums V.
Hypothesis cheap : sq X * \prod_(l < L.-1) b l * beta * e < e0 ^+ L.+1 * (K%:R - 1).

Let O_neq : forall A : 'M[R]_(K0, d L.-1), (forall k j, j != k -> 1 <= (A *m phi W X L.-1) k k - (A *m phi W X L.-1) j k) ->
  A *m phi W X L.-1 != 0.
Proof.
move=> A h; apply/eqP => E; pose k := Ordinal K0p; pose j := Ordinal K02.
by have := h k j isT; rewrite E !mxE subr0 leNgt ltr01.
Qed.
Let bX_gt0 : 0 < sq X. Proof. by have [] := outputs_pos net (O_neq margins). Qed.
Let b_gt0 l : (l < L.-1)%N -> 0 < b l. Proof. by have [_ + _] := outputs_pos net (O_neq margins); apply. Qed.
Let beta_gt0 : 0 < beta.
Proof.
have mC k j : j != k -> 1 <= (@centring R K0 *m V *m phi W X L.-1) k k - (@centring R K0 *m V *m phi W X L.-1) j k.
  by rewrite -mulmxA centred_margin; apply: margins.
have [_ _ h] := outputs_pos net (O_neq mC); apply: lt_le_trans h _.
rewrite sq_readout // ler_add2l ler_opp2 ler_wpmul2r ?sq_ge0 // lef_pinv ?posrE // ler_nat leq_addr //.
Qed.
Let PB := \prod_(l < L.-1) b l * beta.
Let PB_gt0 : 0 < PB.
Proof. by rewrite mulr_gt0 ?prodr_gt0 // => i _; apply: b_gt0. Qed.

(* what is to be beaten: squared norms a and a margin alpha that they pay for *)
Variables (alpha aH aL : R) (a : nat -> R).
Hypotheses (alp : 0 < alpha) (aL_gt0 : 0 < aL) (a_gt0 : forall l, (l < L.-1)%N -> 0 < a l).
Let PA := \prod_(l < L.-1) a l * aL.
Hypothesis paid : n%:R * (e ^+ L * (K%:R - 1)) * alpha ^+ 2 <= aH * PA.
Let PA_gt0 : 0 < PA.
Proof. by rewrite mulr_gt0 // prodr_gt0 // => l _; apply: a_gt0. Qed.

Let u l := Num.sqrt (a l / e).
Let uL := Num.sqrt (aL / (K%:R - 1)).
Let s l := Num.sqrt (e0 * (a l / e) / b l).
Let sL := Num.sqrt (e0 * (aL / e) / beta).
Let U := \prod_(l < L.-1) u l * uL.
Let S := \prod_(l < L.-1) s l * sL.
Let u_gt0 l : (l < L.-1)%N -> 0 < u l. Proof. by move=> lL; rewrite sqrtr_gt0 divr_gt0 ?a_gt0. Qed.
Let s_gt0 l : (l < L.-1)%N -> 0 < s l.
Proof. by move=> lL; rewrite sqrtr_gt0; apply: divr_gt0; rewrite ?b_gt0 // mulr_gt0 ?divr_gt0 ?a_gt0. Qed.
Let usq l : (l < L.-1)%N -> u l ^+ 2 = a l / e.
Proof. by move=> lL; rewrite sqr_sqrtr // ltW // divr_gt0 ?a_gt0. Qed.
Let ssq l : (l < L.-1)%N -> s l ^+ 2 = e0 * (a l / e) / b l.
Proof. by move=> lL; rewrite sqr_sqrtr // ltW //; apply: divr_gt0; rewrite ?b_gt0 // mulr_gt0 ?divr_gt0 ?a_gt0. Qed.
Let uLsq : uL ^+ 2 = aL / (K%:R - 1). Proof. by rewrite sqr_sqrtr // ltW // divr_gt0. Qed.
Let sLsq : sL ^+ 2 = e0 * (aL / e) / beta.
Proof. by rewrite sqr_sqrtr // ltW //; apply: divr_gt0 => //; rewrite mulr_gt0 ?divr_gt0. Qed.
Let U_gt0 : 0 < U.
Proof. by apply: mulr_gt0; [apply: prodr_gt0 => l _; apply: u_gt0 | rewrite sqrtr_gt0 divr_gt0]. Qed.
Let S_gt0 : 0 < S.
Proof.
apply: mulr_gt0; first by apply: prodr_gt0 => l _; apply: s_gt0.
by rewrite sqrtr_gt0; apply: divr_gt0 => //; rewrite mulr_gt0 ?divr_gt0.
Qed.
Let L1 : L = L.-1.+1. Proof. by case: L L2. Qed.
Let Usq : U ^+ 2 = PA / (e ^+ L.-1 * (K%:R - 1)).
Proof.
rewrite exprMn uLsq -prodrXl (eq_bigr (fun l : 'I_L.-1 => a l / e)) => [|l _]; last exact: usq.
by rewrite prodf_div prodr_const card_ord mulf_div.
Qed.
Let Ssq : S ^+ 2 = e0 ^+ L * (PA / e ^+ L) / PB.
Proof.
rewrite exprMn sLsq -prodrXl (eq_bigr (fun l : 'I_L.-1 => e0 * (a l / e) / b l)) => [|l _]; last exact: ssq.
rewrite !(prodf_div, big_split) /= !prodr_const card_ord /= [in RHS]L1 !exprSr /PA /PB.
exact: scalar1.
Qed.
Let s0 := alpha / S.
Let u0 := alpha / U.
Let s0p : 0 <= s0. Proof. by apply: divr_ge0; apply: ltW. Qed.
Let u0p : 0 <= u0. Proof. by apply: divr_ge0; apply: ltW. Qed.

Notation summed := (summed K1 d).
Definition summed_margins : weights R K L n summed :=
  Weights (@X' R K0 K1 d X s0 u0 *m Y) (@W' R K1 d W s u) (@centring R K *m @V' R K0 K1 L d V sL uL).

Lemma summed_output : outputs phi summed_margins = @centring R K *m (alpha *: block_mx O 0 0 1%:M) *m Y.
Proof.
rewrite /outputs /= (net_copies net) mulmxA -mulmxA (net_sum net) //; first last.
- by move=> l; rewrite sqrtr_ge0.
- by move=> l; rewrite sqrtr_ge0.
rewrite -!mulmxA; congr (_ *m _); rewrite !mulmxA; congr (_ *m _).
rewrite /V' mulmx_block !(mul0mx, mulmx0, addr0, add0r) -!scalemxAl -!scalemxAr !scalerA mul1mx scale_block_mx !scaler0.
have sE : sL * (s0 * \prod_(j < L.-1) s j) = alpha by apply: scalar2; rewrite // gt_eqF.
have uE : uL * (u0 * \prod_(j < L.-1) u j) = alpha by apply: scalar2; rewrite // gt_eqF.
by rewrite sE uE.
Qed.
Lemma summed_fit : mean_loss ell (outputs phi summed_margins) <= K%:R^-1 * total ell alpha%:M.
Proof.
rewrite summed_output mean_lossY // ler_pmul2l ?invr_gt0 //; apply: total_margins => // k j.
rewrite centred_margin; set B := block_mx _ _ _ _.
have -> : (alpha *: B) k k - (alpha *: B) j k = alpha * (B k k - B j k) by rewrite mulrBr !mxE.
rewrite [alpha%:M k k]mxE [alpha%:M j k]mxE eqxx mulr1n; have [->|jk] := eqVneq j k; first by rewrite !subrr mulr0.
rewrite mulr0n subr0 -[X in X <= _]mulr1 ler_pmul2l // /B.
case: (split_ordP k) jk => k' -> jk; case: (split_ordP j) jk => j' -> jk.
- by rewrite !block_mxEul; apply: margins; apply: contra_neq jk => ->.
- by rewrite block_mxEul block_mxEdl [X in _ - X]mxE subr0; apply: diagonal; apply: leq_ltn_trans (ltn_ord j').
- by rewrite block_mxEdr block_mxEur !mxE eqxx subr0.
- rewrite !block_mxEdr !mxE eqxx; have /negbTE -> : j' != k' by apply: contra_neq jk => ->.
  by rewrite subr0.
Qed.
Lemma summed_hidden l : (l < L.-1)%N -> sq (hidden summed_margins l) = a l.
Proof.
move=> lL; rewrite /= sqW' ssq // usq // divfK ?gt_eqF ?b_gt0 // [_ / e * K1%:R]mulrC -mulrDl -eE.
by rewrite mulrCA divff ?gt_eqF // mulr1.
Qed.
Lemma summed_WL : sq (WL summed_margins) <= aL.
Proof.
have sum1 : sums (@V' R K0 K1 L d V sL uL) = sL ^+ 2 * sums V + uL ^+ 2 * K1%:R.
  rewrite /sums; have -> : (const_mx 1 : 'M[R]_(1, K)) = row_mx (const_mx 1) (const_mx 1).
    by apply/matrixP => i j; rewrite !mxE; case: splitP => k _; rewrite mxE.
  rewrite /V' mul_row_block !(mulmx0, addr0, add0r) -!scalemxAr mulmx1 sq_row !sqZ; congr (_ + _ * _).
  by rewrite /sqnorm big_ord1 (eq_bigr (fun=> 1)) => [|j _]; rewrite ?sumr_const ?card_ord // mxE expr1n.
rewrite /= sq_readout ?(ltnW K2) // sum1 sqV' sLsq uLsq.
apply: (@le_trans _ _ (e0 * (aL / e) + aL / K%:R * K1%:R)).
  by apply: eqW; rewrite scalar_WL ?gt_eqF // -/beta divfK ?gt_eqF.
have -> : e0 * (aL / e) + aL / K%:R * K1%:R = aL * (e0 / e + K1%:R / K%:R) by ring.
rewrite -[X in _ <= X]mulr1 ler_pmul2l //; apply: (@le_trans _ _ (e0 / e + K1%:R / e)).
  by rewrite ler_add2l ler_wpmul2l ?ler0n // lef_pinv ?posrE.
by rewrite -mulrDl -eE divff ?gt_eqF.
Qed.
Lemma summed_H1 : sq (H1 summed_margins) < aH.
Proof.
rewrite /= sqY sqX' /s0 /u0 (expr_div_n alpha S) (expr_div_n alpha U) Ssq Usq.
apply: (@lt_le_trans _ _ (n%:R * (e ^+ L * (K%:R - 1)) * alpha ^+ 2 / PA)); last by rewrite ler_pdivr_mulr.
have small : sq X * PB * e / e0 ^+ L < e0 * (K%:R - 1).
  by move: cheap; rewrite ltr_pdivr_mulr ?exprn_gt0 // [X in _ -> _ < X]mulrAC -exprS /PB !mulrA.
have eL : e ^+ L = e ^+ L.-1 * e by rewrite -exprSr -L1.
have e0L : 0 < e0 ^+ L by rewrite exprn_gt0.
have eL1 : 0 < e ^+ L.-1 by rewrite exprn_gt0.
rewrite eL; move: small eL1 e0L; move: (e ^+ L.-1) (e0 ^+ L) => f g small fp gp.
rewrite (scalar_H1 _ _ _ _ PA_gt0 PB_gt0) //.
have -> : n%:R * (f * e * (K%:R - 1)) * alpha ^+ 2 / PA =
  n%:R * alpha ^+ 2 * f / PA * (e0 * (K%:R - 1) + K1%:R * (K%:R - 1)) by rewrite -mulrDl -eE; ring.
by rewrite ltr_pmul2l ?ltr_add2r // divr_gt0 // !mulr_gt0 ?exprn_gt0.
Qed.
End Sum.
