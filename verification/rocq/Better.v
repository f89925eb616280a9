(* From a unit structure to the theorem: where DNC is better than zero weights, it is not a global minimiser. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure Wider DirectSum.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Zero.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N).
Variable lam : nat -> R.
Notation sq := (@sqnorm R _ _).

Lemma lossE (th : weights R K L n d) : loss lam th = fit th +
  lam 0%N / 2 * sq (H1 th) + \sum_(l < L.-1) lam l.+1 / 2 * sq (hidden th l) + lam L / 2 * sq (WL th).
Proof. by []. Qed.
Lemma loss_zero : loss lam (zero_weights : weights R K L n d) = 1 / 2.
Proof.
rewrite /loss /output /= !sq0 mul0mx !mulr0 !addr0 big1 => [|i _]; last by rewrite sq0 mulr0.
rewrite addr0 sub0r -scaleN1r sqZ -[Y R K n]mul1mx sqY sq1 sqrrN expr1n mul1r natrM.
by field; rewrite !pnatr_eq0 -!lt0n Kp n0.
Qed.

Hypothesis lamp : forall l, (l <= L)%N -> 0 < lam l.
Hypothesis L2 : (1 < L)%N.
Lemma fit_le_loss (th : weights R K L n d) : fit th <= loss lam th.
Proof.
have h2 : 0 < 2 :> R by rewrite ltr0n.
have half l : (l <= L)%N -> 0 <= lam l / 2 by move=> lL; rewrite divr_ge0 ?(ltW h2) // ltW ?lamp.
have mono l x : (l <= L)%N -> 0 <= x -> 0 <= lam l / 2 * x by move=> lL x0; rewrite mulr_ge0 ?half.
rewrite lossE -!addrA ler_addl; apply: addr_ge0; first by rewrite mono ?sq_ge0.
apply: addr_ge0; last by rewrite mono ?sq_ge0.
apply: sumr_ge0 => l _; rewrite mono ?sq_ge0 //.
by rewrite (leq_trans (ltn_ord l)) // leq_pred.
Qed.
Lemma nonpos_scale (th : weights R K L n d) : is_dnc th -> scale th <= 0 -> 1 / 2 <= loss lam th.
Proof.
move=> dnc t0; apply: le_trans (fit_le_loss th); apply: le_trans (fit_bound Kp n0 L2 dnc).
rewrite ler_pmul2r ?invr_gt0 ?ltr0n // -[X in X <= _](expr1n _ 2) ler_expn2r ?nnegrE ?ler01 //.
  by rewrite subr_ge0 (le_trans t0) ?ler01.
by rewrite ler_addl oppr_ge0.
Qed.
End Zero.

(* What one unit structure says about all problems with at least as many classes, and room beside it. *)
Theorem unit_beats_dnc (R : rcfType) (K0 L : nat) (e : nat -> nat) (X : 'M[R]_(e 0%N, K0)) W V :
  (0 < K0)%N -> (1 < L)%N -> unit_structure (L := L) X W V -> cost (L := L) X W V < K0%:R ^+ L.+1 ->
  forall K n d lam (th : weights R K L n d),
  (K0 <= K)%N -> (0 < n)%N -> (forall l, (l < L)%N -> (e l + (K - K0) <= d l)%N) -> 0 < lam 0%N ->
  is_dnc th -> 0 < scale th -> exists th' : weights R K L n d, loss lam th' < loss lam th.
Proof.
move=> K0p L2 u ch K n d lam th KK n0 room lam0p dnc tp.
move: th dnc tp; have [K1 EK] : exists K1, K = (K0 + K1)%N by exists (K - K0)%N; rewrite subnKC.
move: room; rewrite EK addKn => room th dnc tp.
have Kp : (0 < K0 + K1)%N by rewrite addn_gt0 K0p.
have bound := product_bound Kp n0 L2 dnc; rewrite -[_ * _ * sqnorm (WL th)]mulrA in bound.
pose a l := sqnorm (hidden th l).
pose th' := @better R K0 K1 L n e X W V (scale th) (sqnorm (WL th)) a.
have a0 l : 0 <= a l by apply: sq_ge0.
exists (wider d th'); rewrite wider_loss ?(ltnW L2) // !lossE.
have hH := better_H1 K0p n0 L2 u ch tp a0 (sq_ge0 _) bound.
have hW l (lL : (l < L.-1)%N) := better_hidden K1 n K0p u (scale th) (sqnorm (WL th)) a0 lL.
have hL := better_WL K1 n K0p u (scale th) a (sq_ge0 (WL th)).
have hF := better_fit K0p n0 u tp a0 (sq_ge0 _) bound.
rewrite hL hF; rewrite (eq_bigr (fun l : 'I_L.-1 => lam l.+1 / 2 * sqnorm (hidden th l))) => [|l _]; last by rewrite hW.
rewrite !ltr_add2r; apply: ler_lt_add; first exact: fit_bound.
by rewrite ltr_pmul2l ?divr_gt0 ?ltr0n.
Qed.

Corollary unit_wins (K0 L w : nat) : (0 < K0)%N -> (1 < L)%N ->
  (forall R : rcfType, exists (X : 'M[R]_(w, K0)) W V,
    unit_structure (L := L) (d := fun=> w) X W V /\ cost (L := L) (d := fun=> w) X W V < K0%:R ^+ L.+1) ->
  forall K, (K0 <= K)%N -> low_rank_wins K L (w + (K - K0)).
Proof.
move=> K0p L2 ex K KK R n d lam th n1 room lamp dnc small gm.
have Kp : (0 < K)%N by apply: leq_trans K0p KK.
rewrite loss_zero // in small.
case: (ltrP 0 (scale th)) => [tp|t0]; last by move: small; rewrite ltNge nonpos_scale.
have [X [W [V [u ch]]]] := ex R.
have [th' h] := unit_beats_dnc K0p L2 u ch KK n1 room (lamp 0%N isT) dnc tp.
by move: h; rewrite ltNge gm.
Qed.
