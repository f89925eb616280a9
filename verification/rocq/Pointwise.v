(* The pointwise bound: two inequalities that hold at every single DNC configuration. With t the mean of the diagonal of
   the output (`scale`), a_0 = |H_1|^2 and a_l = |W_l|^2,

       a_0 a_1 ... a_L >= n K^(L+1) t^2      and      |output - Y|^2 / (2 K n) >= (1 - t)^2 / 2.

   Cauchy-Schwarz and Bessel, layer by layer; no inequality of means and no root. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Pointwise.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (K0 : (0 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Variable th : weights R K L n d.

Definition scale : R := \tr (output th *m Y^T) / (K * n)%:R.
Definition fit : R := (2 * (K * n)%:R)^-1 * sq (output th - Y).

Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let F l := feature (hidden th) (H1 th) l.
Let M l := n%:R^-1 *: (F l *m Y^T).
Let c l := sq (M l) / K%:R.
Hypothesis dnc : is_dnc th.

Lemma dnc_facts l : (1 <= l <= L.-1)%N -> F l = M l *m Y /\ (M l)^T *m M l = (c l)%:M.
Proof.
move=> /dnc [N [e [hF hg]]].
have EM : M l = N.
  by rewrite /M /F hF -mulmxA mulYYT mul_mx_scalar scalerA mulVf ?scale1r ?gt_eqF.
rewrite /c EM -hF sq_gram hg; split=> //; congr _%:M.
by rewrite mxtrace_scalar -mulr_natr mulfK // gt_eqF.
Qed.
Lemma c_ge0 l : 0 <= c l. Proof. by rewrite divr_ge0 ?sq_ge0 // ltW. Qed.
Lemma cK l : K%:R * c l = sq (M l). Proof. by rewrite mulrC divfK // gt_eqF. Qed.

(* n K^2 c_2 <= a_0 a_1 *)
Lemma first_step : n%:R * K%:R ^+ 2 * c 1 <= sq (H1 th) * sq (hidden th 0).
Proof.
have L1 : (1 <= 1 <= L.-1)%N by case: L L2 => [|[|]].
have [hF hg] := dnc_facts L1.
have [->|cn0] := eqVneq (c 1) 0; first by rewrite mulr0 mulr_ge0 ?sq_ge0.
have cp : 0 < c 1 by rewrite lt_def cn0 c_ge0.
have hd : sq (F 1) = dot (H1 th) ((hidden th 0)^T *m F 1).
  by rewrite -dot_mul; exact: esym (relu_dot _).
have := CS (H1 th) ((hidden th 0)^T *m F 1); rewrite -hd hF mulmxA !sqY -cK => h1.
have h2 := bessel (hidden th 0)^T (c_ge0 1) hg; rewrite sq_tr in h2.
have h3 := le_trans h1 (ler_wpmul2l (sq_ge0 (H1 th)) (ler_wpmul2l (ltW np) h2)).
rewrite -(ler_pmul2l (mulr_gt0 np cp)); apply: le_trans (le_trans h3 _); apply/eqW; ring.
Qed.

(* K c_(l+1) <= c_l a_l *)
Lemma middle_step l : (1 <= l)%N -> (l.+1 <= L.-1)%N -> K%:R * c l.+1 <= c l * sq (hidden th l).
Proof.
move=> l1 lL; have l1L : (1 <= l <= L.-1)%N by rewrite l1 ltnW.
have [hF hg] := dnc_facts l1L; have [hF' _] := dnc_facts (l := l.+1) lL.
have E : (n%:R : R) * sq (M l.+1) = sq (relu (hidden th l *m M l) *m Y).
  by rewrite -sqY -hF' -relu_mulY -mulmxA -hF.
rewrite cK; rewrite sqY in E; rewrite (mulfI _ E) ?gt_eqF //.
by apply: le_trans (relu_sq _) _; apply: bessel; rewrite ?c_ge0.
Qed.

Lemma chain l : (l.+1 <= L.-1)%N ->
  n%:R * K%:R ^+ l.+2 * c l.+1 <= sq (H1 th) * \prod_(j < l.+1) sq (hidden th j).
Proof.
elim: l => [|l IH] lL; first by rewrite big_ord1; apply: first_step.
rewrite big_ord_recr /= mulrA.
apply: le_trans (ler_wpmul2r (sq_ge0 _) (IH (ltnW lL))).
have := middle_step (l := l.+1) isT lL => /(ler_wpmul2l (_ : 0 <= n%:R * K%:R ^+ l.+2)) h.
apply: le_trans (le_trans (h _) _); last by rewrite mulrA.
  by rewrite [K%:R ^+ l.+3]exprSr !mulrA.
by rewrite mulr_ge0 ?exprn_ge0 // ltW.
Qed.

Let LL : (1 <= L.-1 <= L.-1)%N. Proof. by case: L L2 => [|[|]]//= l _; rewrite leqnn. Qed.
Lemma outputE : output th = WL th *m M L.-1 *m Y.
Proof. by rewrite /output -mulmxA -(dnc_facts LL).1. Qed.
Lemma scaleE : scale = \tr (WL th *m M L.-1) / K%:R.
Proof.
rewrite /scale outputE -mulmxA mulYYT mul_mx_scalar mxtraceZ natrM; move: (\tr _) => x.
by field; rewrite !gt_eqF.
Qed.

(* K t^2 <= c_L a_L *)
Lemma last_step : K%:R * scale ^+ 2 <= c L.-1 * sq (WL th).
Proof.
have := CS (WL th *m M L.-1) 1%:M; rewrite dot1 sq1.
have -> : \tr (WL th *m M L.-1) = K%:R * scale by rewrite scaleE mulrC divfK ?gt_eqF.
move=> h; have h2 := bessel (WL th) (c_ge0 L.-1) (dnc_facts LL).2.
have h3 := le_trans h (ler_wpmul2r (ltW Kp) h2).
rewrite -(ler_pmul2l Kp); apply: le_trans (le_trans h3 _); apply/eqW; ring.
Qed.

Theorem product_bound : n%:R * K%:R ^+ L.+1 * scale ^+ 2 <=
  sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
apply: le_trans (ler_wpmul2r (sq_ge0 _) (_ : n%:R * K%:R ^+ L * c L.-1 <= _)).
  have h := ler_wpmul2l (_ : 0 <= n%:R * K%:R ^+ L) last_step.
  apply: le_trans (le_trans (h _) _); last by rewrite mulrA.
    by rewrite [K%:R ^+ L.+1]exprSr !mulrA.
  by rewrite mulr_ge0 ?exprn_ge0 // ltW.
have L1 : L.-2.+1 = L.-1 by case: L L2 => [|[|]].
have := chain (l := L.-2); have -> : L.-2.+2 = L by case: L L2 => [|[|]].
by rewrite L1; apply.
Qed.

Theorem fit_bound : (1 - scale) ^+ 2 / 2 <= fit.
Proof.
rewrite /fit outputE -{2}[Y]mul1mx -mulmxBl sqY.
have := CS (WL th *m M L.-1 - 1%:M) 1%:M; rewrite dot1 sq1 mxtraceD raddfN /= mxtrace1.
have -> : \tr (WL th *m M L.-1) = K%:R * scale by rewrite scaleE mulrC divfK ?gt_eqF.
set s := sq _ => h.
have {h} h : K%:R * (1 - scale) ^+ 2 <= s.
  rewrite -(ler_pmul2r Kp); apply: le_trans h; apply/eqW; ring.
rewrite natrM -(ler_pmul2l (_ : 0 < 2 * K%:R)) ?mulr_gt0 ?ltr0n //.
apply: le_trans (le_trans h _); apply/eqW; field; rewrite ?(gt_eqF Kp) ?(gt_eqF np) //.
Qed.
End Pointwise.
