(* From one sample a class and equal strengths to every network: bounds of the loss at x > 0, and at x = 0 of the squared norms
   that output I costs. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better LowerBound AllWeights ModelFacts Balance.
From Dufm Require Import Integer Fraction Samples Eigen Boxes CheckLower LowerSound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Balanced.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N).
Notation sq := (@sqnorm R _ _).
Let Kr : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

(* the squared norms of all factors but the last, and |V F - I|^2 / x + |V|^2, one sample a class *)
Definition sums (th : weights R K L n d) (X : 'M[R]_(d 0%N, K)) : R := sq X + \sum_(l < L.-1) sq (hidden th l).
Definition equal (x : R) l : R := if l == 0%N then x / (K%:R * n%:R) else x / K%:R.
Lemma equal_sample (th : weights R K L n d) x X : 0 < x -> one_sample (equal x) th X =
  x / (2 * K%:R) * (sums th X + (x^-1 * sq (WL th *m feature (hidden th) X L.-1 - 1%:M) + sq (WL th))).
Proof.
move=> xp; rewrite /one_sample /equal /sums /= (gtn_eqF L0).
have -> : \sum_(l < L.-1) x / K%:R / 2 * sq (hidden th l) = x / (2 * K%:R) * \sum_(l < L.-1) sq (hidden th l).
  by rewrite mulr_sumr; apply: eq_bigr => l _; move: (sq _) => y; field; rewrite gt_eqF.
move: (\sum_(l < _) _) (sq (_ - _)) (sq X) (sq (WL th)) => t u v w.
by field; rewrite !gt_eqF.
Qed.
Lemma equal_prod x : \prod_(l < L.+1) equal x l = x ^+ L.+1 / (K%:R ^+ L.+1 * n%:R).
Proof.
rewrite big_ord_recl /equal /= prodr_const card_ord !exprS expr_div_n.
have := expf_neq0 L (lt0r_neq0 Kr); move: (x ^+ L) (K%:R ^+ L) => a b b0.
by field; rewrite b0 !gt_eqF.
Qed.

Variable th : weights R K L n d.
(* loss >= B x / (2 K) where B bounds every sample at equal strengths *)
Lemma loss_ge_equal lam (x B : R) : (forall l, (l <= L)%N -> 0 < lam l) -> 0 < x -> x ^+ L.+1 <= x_power K L n lam ->
  (forall (th' : weights R K L n d) X,
    B <= sq X + \sum_(l < L.-1) sq (hidden th' l) + (x^-1 * sq (WL th' *m feature (hidden th') X L.-1 - 1%:M) + sq (WL th'))) ->
  B * x / (2 * K%:R) <= loss lam th.
Proof.
move=> lp xp xL h; pose P : R := x_power K L n lam.
have Lp : 0 < \prod_(l < L.+1) lam l by apply: prodr_gt0 => l _; rewrite lp // -ltnS.
have P0 : 0 < P by rewrite /P /x_power !mulr_gt0 ?exprn_gt0.
pose r := x ^+ L.+1 / P; have r0 : 0 < r by rewrite divr_gt0 ?exprn_gt0.
have r1 : r <= 1 by rewrite ler_pdivr_mulr // mul1r.
(* the strengths whose x it is exactly *)
pose less l := if l == 0%N then r * lam 0%N else lam l.
have less0 l : (l <= L)%N -> 0 < less l.
  by move=> lL; rewrite /less; case: eqP => _; [exact: mulr_gt0 r0 (lp 0%N isT) | exact: lp].
have lessP : \prod_(l < L.+1) less l = r * \prod_(l < L.+1) lam l.
  by rewrite !big_ord_recl /= mulrA.
apply: (@le_trans _ _ (loss less th)); last first.
  rewrite /loss /less /= (gtn_eqF L0) 2!ler_add2r ler_add2l ler_wpmul2r ?sq_ge0 // ler_pmul2r ?invr_gt0 ?ltr0n //.
  by rewrite -[X in _ <= X]mul1r ler_wpmul2r // ltW // lp.
have eq0 l : (l <= L)%N -> 0 < equal x l by move=> _; rewrite /equal; case: ifP => _; rewrite !divr_gt0 ?mulr_gt0.
have [|th' [out sz _]] := rebalance L0 th eq0 less0 ler01 ler01.
  rewrite expr1n mul1r expr1n mul1r equal_prod lessP /r /P /x_power.
  have := lt0r_neq0 Lp; have := expf_neq0 L.+1 (lt0r_neq0 Kr); move: (\prod_(l < L.+1) _) (K%:R ^+ _) (x ^+ _) => a b e b0 a0.
  by field; rewrite a0 b0 gt_eqF.
have -> : loss less th = loss (equal x) th'.
  by rewrite !loss_size sz mul1r /fit out scale1r.
apply: (loss_ge_sample Kp n0) => X; rewrite equal_sample // -mulrA mulrC.
rewrite ler_wpmul2l ?divr_ge0 ?mulr_ge0 ?ler0n ?(ltW xp) //; exact: h.
Qed.

(* n (B / (L + 1))^(L + 1) <= the product of the squared norms, where B bounds every sample *)
Lemma cost_ge_equal (B : R) : output th = Y R K n -> 0 <= B ->
  (forall (th' : weights R K L n d) X, WL th' *m feature (hidden th') X L.-1 = 1%:M ->
    B <= sq X + \sum_(l < L.-1) sq (hidden th' l) + sq (WL th')) ->
  n%:R * (B / L.+1%:R) ^+ L.+1 <= sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
move=> outY B0 h; pose P := sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
have Pp : 0 < P.
  apply: lt_le_trans (product_bound_all Kp n0 th).
  have -> : scale th = 1.
    by rewrite /scale outY mulYYT mxtrace_scalar -[n%:R *+ K]mulr_natr -natrM mulnC divff // pnatr_eq0 -lt0n muln_gt0 Kp.
  by rewrite expr1n mulr1 mulr_gt0 ?exprn_gt0.
have prod0 : 0 <= \prod_(l < L.-1) sq (hidden th l) by apply: prodr_ge0 => l _; apply: sq_ge0.
have H0 : 0 < sq (H1 th).
  by rewrite lt_def sq_ge0 andbT; apply: contraTneq Pp => z; rewrite /P z !mul0r ltxx.
have V0 : 0 < sq (WL th).
  by rewrite lt_def sq_ge0 andbT; apply: contraTneq Pp => z; rewrite /P z mulr0 ltxx.
have W0 l : (l < L.-1)%N -> 0 < sq (hidden th l).
  move=> lL; rewrite lt_def sq_ge0 andbT; apply: contraTneq Pp => z.
  by rewrite /P (bigD1 (Ordinal lL)) //= z mul0r mulr0 mul0r ltxx.
have [s s0 sE] := @root_exists R L.+1 (P / n%:R) isT (divr_ge0 (ltW Pp) (ltW nr)).
have sp : 0 < s by rewrite lt_def s0 andbT; apply: contraTneq (divr_gt0 Pp nr) => z; rewrite -sE z expr0n ltxx.
pose a l := if l == 0%N then sq (H1 th) else if l == L then sq (WL th) else sq (hidden th l.-1).
have aE l : (l < L.-1)%N -> a l.+1 = sq (hidden th l).
  by move=> lL; rewrite /a /= ltn_eqF // -[L]prednK.
have aL : a L = sq (WL th) by rewrite /a eqxx (gtn_eqF L0).
have a0 l : (l <= L)%N -> 0 < a l.
  case: l => [|l] lL; first by rewrite /a.
  have [e|e] := eqVneq l.+1 L; first by rewrite e aL.
  by rewrite aE ?W0 // -ltnS prednK // ltn_neqAle e.
have aP : \prod_(l < L.+1) a l = P.
  rewrite (prod_ends L0 a) aL /P; congr (_ * _ * _); apply: eq_bigr => l _; exact: aE.
pose from l := s / a l; pose to l : R := if l == 0%N then n%:R^-1 else 1.
have to0 l : (l <= L)%N -> 0 < to l by move=> _; rewrite /to; case: eqP => _; rewrite ?invr_gt0 ?ltr01.
have from0 l : (l <= L)%N -> 0 < from l by move=> lL; rewrite divr_gt0 ?a0.
have [|th' [out sz _]] := rebalance L0 th to0 from0 ler01 ler01.
  rewrite !expr1n !mul1r prodf_div prodr_const card_ord sE aP big_ord_recl /to /= big1 ?mulr1 //.
  by rewrite mulrAC divff ?mul1r // gt_eqF.
have szE : Balance.size from th = L.+1%:R * s / 2.
  have one k b : b = k -> 0 < k -> s / k / 2 * b = s / 2 by move=> -> kp; field; rewrite gt_eqF.
  rewrite /Balance.size /from /a /= eqxx (gtn_eqF L0) !(one (sq _)) //.
  rewrite (eq_bigr (fun=> s / 2)) => [|l _]; last by rewrite -[if _ then _ else _]/(a l.+1) aE ?one ?W0.
  rewrite sumr_const card_ord -[_ *+ _]mulr_natr.
  have -> : L.+1%:R = L.-1%:R + 2 :> R by rewrite -natrD addn2; case: (L) L0.
  by move: L.-1%:R => k; field.
have lossE' : loss to th' = L.+1%:R * s / 2.
  rewrite loss_size sz mul1r szE /fit out scale1r outY subrr sq0 mulr0 add0r //.
have : B / 2 <= loss to th'.
  rewrite loss_mean // ler_pdivl_mull //; apply: le_trans (_ : \sum_(i < n) B / 2 <= _).
    by rewrite sumr_const card_ord mulr_natl.
  apply: ler_sum => i _; pose X := pick (H1 th') i.
  have fits : WL th' *m feature (hidden th') X L.-1 = 1%:M.
    by rewrite (pick_feature (hidden th') (H1 th')) -pick_mul -[_ *m _]/(output th') out scale1r outY pick_Y.
  rewrite /one_sample -/X fits subrr sq0 mulr0 add0r /to /= (gtn_eqF L0) divff ?gt_eqF //.
  apply: le_trans (_ : (sq X + \sum_(l < L.-1) sq (hidden th' l) + sq (WL th')) / 2 <= _).
    by rewrite ler_pmul2r ?invr_gt0 ?ltr0n //; apply: h.
  apply: eqW.
  by rewrite -mulr_sumr mul1r; move: (\sum_(l < _) _) => t; field.
rewrite lossE' ler_pmul2r ?invr_gt0 ?ltr0n // => Bs.
rewrite mulrC -ler_pdivl_mulr // -sE ler_expn2r ?nnegrE ?divr_ge0 ?ler0n //.
by rewrite ler_pdivr_mulr ?ltr0n // mulrC.
Qed.
End Balanced.

Section Sound.
Variables (R : rcfType) (c : lower).
Hypothesis ok : check_lower c.
Notation sq := (@sqnorm R _ _).
Notation K := (lK c).
Notation L := (lL c).
Notation x := (fR R (lx c)).
Notation value := (fR R (lvalue c)).

Lemma sample_bound m d (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M[R]_(d 0%N, K)) g : L = m ->
  last_pays (feature W X m.-1) x g -> value <= sq X + \sum_(l < m.-1) sq (W l) + g.
Proof.
have [_ L23 _ _ _] := lower_facts R ok; move=> Lm; have {L23} [m2|m3] : m = 2%N \/ m = 3%N by rewrite -Lm.
  rewrite m2 /= => h; rewrite big_ord1 [sq X + _]addrC; apply: (spectrum ok); left; by rewrite Lm m2.
rewrite m3 /= => h; rewrite big_ord_recl big_ord1 /= addrA [sq X + _]addrC -addrA; apply: (spectrum ok); right; split.
  by rewrite Lm m3.
by exists (d 2%N), (W 1%N), g; split=> //; have := h 0; rewrite mul0mx mxtrace0 !sq0 !mulr0 !subr0.
Qed.

Theorem check_lower_sound n d (lam : nat -> R) (th : weights R K L n d) : (1 <= n)%N ->
  (forall l, (l <= L)%N -> 0 < lam l) -> fpos (lx c) -> x ^+ L.+1 <= x_power K L n lam ->
  value * x / (2 * K%:R) <= loss lam th.
Proof.
have [K1 L23 _ _ _] := lower_facts R ok; move=> n0 lp /(fpos_R R) [xp _] xL.
have L0 : (0 < L)%N by case: L23 => ->.
apply: (loss_ge_equal (ltnW K1) n0 L0 th lp xp xL) => th' X.
by apply: (sample_bound (m := L)) => //; apply: last_loss.
Qed.

Theorem check_lower_cost n d (th : weights R K L n d) : (1 <= n)%N -> (lx c).1 = Z0 -> output th = Y R K n ->
  n%:R * (value / L.+1%:R) ^+ L.+1 <= sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
have [K1 L23 _ _ [vp _]] := lower_facts R ok; move=> n0 x_ out.
have x0 : x = 0 by rewrite /fR x_ zR0 mul0r.
have L0 : (0 < L)%N by case: L23 => ->.
apply: (cost_ge_equal (ltnW K1) n0 L0 (th := th) out (ltW vp)) => th' X fits.
by apply: (sample_bound (m := L)) => //; apply: last_fits fits _.
Qed.
End Sound.
