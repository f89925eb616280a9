(* What collapse pays for a mean margin alpha, layer by layer and for any output: with a_0 = |H_1|^2, a_l = |W_l|^2,

       a_0 a_1 ... a_L >= n K^L (K - 1) alpha^2       for broad DNC, so for narrow DNC,
       a_0 a_1 ... a_L >= n (K - 1)^(L + 1) alpha^2   for NC2 alone.

   In layer l let c = |M C|^2 / (K - 1) and s = |M (I - C)|^2. In broad DNC M^T M = c C + s (I - C), s >= c as M >= 0, and
   M (c^(-1/2) C + s^(-1/2) (I - C)) has orthonormal columns: p = c^(K-1) s grows by (a_l / K)^K a layer at most. With NC2
   alone M C has orthogonal columns up to centring, and p = c grows by a_l / (K - 1) at most. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Pointwise Centring MarginBound MarginLayers.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma grown (R : rcfType) (k a a' b b' : R) : a != 0 -> b != 0 -> k * (a' * b') = a * b * (k * (a' / a * (b' / b))).
Proof. by move=> a0 b0; field; rewrite a0 b0. Qed.

Section Chain.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Notation C := (@centring R K).
Notation mean := (@mean R K).
Variable th : weights R K L n d.
Let K0 : (0 < K)%N. Proof. exact: ltnW. Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let F l := feature (hidden th) (H1 th) l.
Let M l := n%:R^-1 *: (F l *m Y^T).
Let c l := sq (M l *m C) / (K%:R - 1).
Let s l := sq (M l *m mean).
Let prod l := sq (H1 th) * \prod_(j < l) sq (hidden th j).
Let Z := WL th *m M L.-1.
Let L1 : L.-2.+1 = L.-1. Proof. by case: L L2 => [|[|]]. Qed.
Let LL : (1 <= L.-1 <= L.-1)%N. Proof. by case: L L2 => [|[|]]//= l _; rewrite leqnn. Qed.
Let c0 l : 0 <= c l. Proof. by rewrite divr_ge0 ?sq_ge0 // ltW. Qed.
Let s0 l : 0 <= s l. Proof. exact: sq_ge0. Qed.
Let prod0 l : 0 <= prod l. Proof. by rewrite mulr_ge0 ?sq_ge0 // prodr_ge0 // => i _; apply: sq_ge0. Qed.
Let cK l : (K%:R - 1) * c l = sq (M l *m C). Proof. by rewrite mulrC divfK ?gt_eqF. Qed.

Lemma classes_shared l N : F l = N *m Y -> M l = N.
Proof. by move=> hF; rewrite /M hF -mulmxA mulYYT mul_mx_scalar scalerA mulVf ?scale1r ?gt_eqF. Qed.
Lemma feature_class l : (1 <= l)%N -> F l = M l *m Y -> forall i j, 0 <= M l i j.
Proof.
case: l => // l _ hF i k.
have kn : (k * n < K * n)%N by rewrite ltn_pmul2r.
have -> : M l.+1 i k = F l.+1 i (Ordinal kn).
  by rewrite hF mulY; congr (M _ _ _); apply: val_inj; rewrite /= mulnK.
by rewrite /F /= mxE le_maxr lexx.
Qed.
Lemma middle_layer l : F l = M l *m Y -> F l.+1 = M l.+1 *m Y -> M l.+1 = relu (hidden th l *m M l).
Proof. by move=> hF _; apply: classes_shared; rewrite /F /= -/(F l) hF mulmxA relu_mulY. Qed.

(* what grows from layer to layer: p, by (a_l / e)^m at most *)
Section Steps.
Variables (e : R) (m : nat) (p : nat -> R).
Hypotheses (e0 : 0 <= e) (m0 : (0 < m)%N).
Hypothesis first_step : (n%:R * e ^+ 2) ^+ m * p 1%N <= prod 1 ^+ m.
Hypothesis middle_step : forall l, (1 <= l)%N -> (l.+1 <= L.-1)%N -> e ^+ m * p l.+1 <= p l * sq (hidden th l) ^+ m.
Hypothesis last_step : forall alpha : R, (K%:R - 1) * alpha ^+ 2 <= sq (Z *m C) ->
  ((K%:R - 1) * alpha ^+ 2) ^+ m <= p L.-1 * sq (WL th) ^+ m.

Lemma steps l : (l.+1 <= L.-1)%N -> (n%:R * e ^+ l.+2) ^+ m * p l.+1 <= prod l.+1 ^+ m.
Proof.
elim: l => [|l IH] lL; first exact: first_step.
have h1 := ler_wpmul2r (exprn_ge0 m (sq_ge0 (hidden th l.+1))) (IH (ltnW lL)).
have h2 : 0 <= (n%:R * e ^+ l.+2) ^+ m by rewrite exprn_ge0 // mulr_ge0 ?exprn_ge0 // ltW.
have := ler_wpmul2l h2 (middle_step (l := l.+1) isT lL); rewrite mulrA -exprMn -mulrA -exprSr => h3.
by apply: le_trans h3 _; rewrite mulrA; apply: le_trans h1 _; rewrite -exprMn /prod [in X in _ <= X]big_ord_recr /= mulrA.
Qed.
Lemma pays : n%:R * (e ^+ L * (K%:R - 1)) * mean_margin Z ^+ 2 <=
  sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
have h := last_step (mean_margin_norm K2 Z).
have := steps (l := L.-2); rewrite L1 => /(_ (leqnn _)); rewrite prednK ?(ltnW L2) //.
move=> h2; have l0 : 0 <= n%:R * (e ^+ L * (K%:R - 1)) * mean_margin Z ^+ 2.
  by rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0 ?(ltW np) // mulr_ge0 ?exprn_ge0 // ltW.
have r0 : 0 <= prod L.-1 * sq (WL th) by rewrite mulr_ge0 ?sq_ge0.
rewrite -(ler_pexpn2r m0) ?nnegrE //.
apply: le_trans (_ : (n%:R * e ^+ L) ^+ m * ((K%:R - 1) * mean_margin Z ^+ 2) ^+ m <= _).
  by rewrite -exprMn; apply: eqW; congr (_ ^+ _); ring.
have h3 : 0 <= (n%:R * e ^+ L) ^+ m by rewrite exprn_ge0 // mulr_ge0 ?exprn_ge0 // ltW.
apply: le_trans (ler_wpmul2l h3 h) _; rewrite mulrA [X in _ <= X]exprMn.
by apply: ler_wpmul2r h2; rewrite exprn_ge0 ?sq_ge0.
Qed.
End Steps.

Section Nc2.
Hypothesis nc2 : is_nc2 th.
Lemma nc2_facts l : (1 <= l <= L.-1)%N -> F l = M l *m Y /\ (M l *m C)^T *m (M l *m C) = c l *: C.
Proof.
move=> lL; have [N [e [hF hN]]] := nc2 lL; have E := classes_shared hF.
by split; rewrite ?E //; rewrite /c E; apply: nc2_gram hN.
Qed.
Theorem nc2_pays : n%:R * ((K%:R - 1) ^+ L * (K%:R - 1)) * mean_margin Z ^+ 2 <=
  sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
apply: (pays (m := 1) (p := c)) => //.
- exact: ltW.
- have [|hF hM] := nc2_facts (l := 1); first by case: L L2 => [|[|]].
  have M0 := feature_class (l := 1) isT hF.
  have h := first_layer K2 n0 (x := 1) (y := 0) (k := c 1) hF M0 (lexx _) ler01 (c0 1).
  have short := bessel_centred (hidden th 0)^T K0 (c0 1) hM.
  rewrite mix10 mul1r mul0r addr0 -cK in h; have {h} h := h short.
  rewrite !expr1 /prod big_ord1; have [->|cn0] := eqVneq (c 1) 0; first by rewrite mulr0 mulr_ge0 ?sq_ge0.
  have cp : 0 < c 1 by rewrite lt_def cn0 c0.
  by rewrite -(ler_pmul2l cp); apply: le_trans h; apply: eqW; ring.
- move=> l l1 lL; have [|hF hM] := nc2_facts (l := l); first by rewrite l1 ltnW.
  have [hF' _] := nc2_facts (l := l.+1) lL; rewrite !expr1 cK (middle_layer hF hF').
  have := relu_mix K0 (hidden th l *m M l) (x := 1) (lexx 0) ler01; rewrite mix10 => h; apply: le_trans h _.
  by rewrite -mulmxA; apply: bessel_centred.
- move=> alpha h; rewrite !expr1; apply: le_trans h _; rewrite -mulmxA; apply: bessel_centred => //.
  exact: (nc2_facts LL).2.
Qed.
End Nc2.

Section Broad.
Hypothesis broad : is_broad_dnc th.
Let K1 : K.-1.+1 = K. Proof. exact: prednK. Qed.
Let K1r : K.-1%:R = K%:R - 1 :> R. Proof. by rewrite -subn1 natrB. Qed.
Let p l := c l ^+ K.-1 * s l.
Lemma broad_facts l : (1 <= l <= L.-1)%N -> [/\ F l = M l *m Y, (M l)^T *m M l = mix K (c l) (s l) & c l <= s l].
Proof.
move=> lL; have [N [e [b [hF hN]]]] := broad lL; have E := classes_shared hF; have hF' : F l = M l *m Y by rewrite E.
have M0 := feature_class (proj1 (andP lL)) hF'; rewrite -E in hN.
by have [h1 h2] := broad_gram K2 M0 hN.
Qed.
(* M (c^(-1/2) C + s^(-1/2) (I - C)) has orthonormal columns *)
Let x l := (Num.sqrt (c l))^-1.
Let y l := (Num.sqrt (s l))^-1.
Lemma orthonormal l q (W : 'M[R]_(q, d l)) : (1 <= l <= L.-1)%N -> 0 < c l ->
  [/\ 0 <= y l, y l <= x l & sq (W *m (M l *m mix K (x l) (y l))) <= sq W].
Proof.
move=> lL cp; have [_ hM cs] := broad_facts lL; have sp : 0 < s l by apply: lt_le_trans cs.
split; rewrite ?invr_ge0 ?sqrtr_ge0 // /x /y; first by rewrite lef_pinv ?posrE ?sqrtr_gt0 // ler_wsqrtr.
rewrite -[X in _ <= X]mul1r; apply: bessel; rewrite ?ler01 // trmx_mul mixT -mulmxA [(M l)^T *m _]mulmxA hM !mixM //.
have one (z : R) : 0 < z -> (Num.sqrt z)^-1 * (z * (Num.sqrt z)^-1) = 1.
  by move=> zp; rewrite mulrCA -invfM -expr2 sqr_sqrtr ?ltW // divff // gt_eqF.
by rewrite !one // mix1.
Qed.
Lemma p0 l : c l = 0 -> p l = 0.
Proof. by move=> E; rewrite /p E expr0n -subn1 subn_eq0 leqNgt K2 mul0r. Qed.

Theorem broad_pays : n%:R * (K%:R ^+ L * (K%:R - 1)) * mean_margin Z ^+ 2 <=
  sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
apply: (pays (m := K) (p := p)) => //.
- exact: ltW.
- have l1 : (1 <= 1 <= L.-1)%N by case: L L2 => [|[|]].
  have [cz|cn0] := eqVneq (c 1) 0; first by rewrite p0 // mulr0 exprn_ge0.
  have cp : 0 < c 1 by rewrite lt_def cn0 c0.
  have [hF hM cs] := broad_facts l1; have sp : 0 < s 1 by apply: lt_le_trans cs.
  have M0 := feature_class (l := 1) isT hF; have [y0 yx short] := orthonormal (hidden th 0)^T l1 cp.
  have := first_layer K2 n0 hF M0 y0 yx ler01; rewrite !mul1r => /(_ short); rewrite -cK -/(s 1).
  have root (z : R) : 0 < z -> (Num.sqrt z)^-1 * z = Num.sqrt z.
    by move=> zp; rewrite -{2}(sqr_sqrtr (ltW zp)) expr2 mulKf // gt_eqF // sqrtr_gt0.
  rewrite root // [x 1 * _]mulrCA root // => h; have h2 := agm K.-1 (sqrtr_ge0 (c 1)) (sqrtr_ge0 (s 1)); rewrite K1 K1r in h2.
  set u := Num.sqrt (c 1) in h h2; set v := Num.sqrt (s 1) in h h2.
  have -> : p 1 = (u ^+ K.-1 * v) ^+ 2 by rewrite exprMn -exprM mulnC exprM !sqr_sqrtr ?ltW.
  have l0 : 0 <= K%:R ^+ K * (u ^+ K.-1 * v) by rewrite !mulr_ge0 ?exprn_ge0 ?sqrtr_ge0 // ltW.
  apply: (@le_trans _ _ (n%:R ^+ K * (K%:R ^+ K * (u ^+ K.-1 * v)) ^+ 2)).
    by rewrite exprMn -exprM mulnC exprM [X in _ <= _ * X]exprMn -[X in X <= _]mulrA.
  apply: (@le_trans _ _ (n%:R ^+ K * (((K%:R - 1) * u + v) ^+ K) ^+ 2)).
    by rewrite ler_pmul2l ?exprn_gt0 // ler_expn2r ?nnegrE // (le_trans l0).
  rewrite -exprM mulnC exprM -exprMn /prod big_ord1; apply: ler_expn2r h; rewrite nnegrE.
    by rewrite mulr_ge0 ?sqr_ge0 // ltW.
  by rewrite mulr_ge0 ?sq_ge0.
- move=> l l1 lL; have lL1 : (1 <= l <= L.-1)%N by rewrite l1 ltnW.
  have [hF hM cs] := broad_facts lL1; have [hF' _ _] := broad_facts (l := l.+1) lL.
  have EM := middle_layer hF hF'; have [cz|cn0] := eqVneq (c l) 0.
    have MC : M l *m C = 0 by apply: sq_eq0; rewrite -cK cz mulr0.
    have := relu_mix K0 (hidden th l *m M l) (x := 1) (lexx 0) ler01; rewrite mix10 -EM -mulmxA MC mulmx0 sq0 -cK.
    rewrite (pmulr_rle0 _ K1p) => h; have E : c l.+1 = 0 by apply/eqP; rewrite eq_le h c0.
    by rewrite (p0 E) mulr0 !mulr_ge0 ?exprn_ge0 ?sq_ge0.
  have cp : 0 < c l by rewrite lt_def cn0 c0.
  have sp : 0 < s l by apply: lt_le_trans cs.
  have [y0 yx short] := orthonormal (hidden th l) lL1 cp.
  have := le_trans (relu_mix K0 (hidden th l *m M l) y0 yx) (_ : _ <= sq (hidden th l)).
  rewrite -mulmxA => /(_ short); rewrite -EM sq_mix // -cK -/(s l.+1) !exprVn (sqr_sqrtr (ltW cp)) (sqr_sqrtr (ltW sp)) => h.
  set u := c l.+1 / c l; set v := s l.+1 / s l.
  have u0 : 0 <= u by rewrite divr_ge0.
  have v0 : 0 <= v by rewrite divr_ge0.
  have h2 := agm K.-1 u0 v0; rewrite K1 K1r in h2.
  have -> : K%:R ^+ K * p l.+1 = p l * (K%:R ^+ K * (u ^+ K.-1 * v)).
    have cq : c l ^+ K.-1 != 0 by rewrite expf_neq0.
    by rewrite /p /u /v (expr_div_n (c l.+1)); apply: grown; rewrite // gt_eqF.
  have pp : 0 <= p l by rewrite mulr_ge0 ?exprn_ge0.
  apply: ler_wpmul2l => //; apply: le_trans h2 _; apply: ler_expn2r; rewrite ?nnegrE ?sq_ge0 //.
    by rewrite addr_ge0 // mulr_ge0 // ltW.
  by apply: le_trans h; apply: eqW; rewrite /u /v; ring.
- move=> alpha h; have [hF hM cs] := broad_facts LL.
  have hC : (M L.-1 *m C)^T *m (M L.-1 *m C) = c L.-1 *: C.
    by rewrite trmx_mul centreT mulmxA -[C *m _ *m _]mulmxA hM -(mix10 R K) !mixM // /mix !mulr1 !mul1r !mulr0 !scale0r !addr0 scale1r.
  have := bessel_centred (WL th) K0 (c0 _) hC; rewrite mulmxA => h2; have {h h2} h := le_trans h h2.
  apply: (@le_trans _ _ ((c L.-1 * sq (WL th)) ^+ K)).
    by apply: ler_expn2r h; rewrite nnegrE mulr_ge0 ?sqr_ge0 ?sq_ge0 // ltW.
  rewrite exprMn; apply: ler_wpmul2r; first by rewrite exprn_ge0 ?sq_ge0.
  have -> : c L.-1 ^+ K = c L.-1 ^+ K.-1 * c L.-1 by rewrite -exprSr K1.
  by apply: ler_wpmul2l cs; rewrite exprn_ge0.
Qed.
End Broad.
End Chain.
