(* The best collapsed weights: f_x(s), p = L + 1, has a least value over s >= 0, at the larger of its two stationary points
   or, past the collapse, at 0. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Better LowerBound Balance Threshold.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma curve_least (R : rcfType) m (x : R) : (0 < m)%N -> 0 <= x ->
  exists2 s0 : R, 0 <= s0 & forall s, 0 <= s -> dnc_curve m.+2 x s0 <= dnc_curve m.+2 x s.
Proof.
move=> m0 x0; have mr : 0 < m%:R :> R by rewrite ltr0n.
have m1 : 0 < m.+1%:R :> R by rewrite ltr0n.
have [us us0 [usE _]] := collapse_point R m.
have us1 : us <= 1 by rewrite -(@expr_le1 _ m.+2) // usE ler_pdivr_mulr // mul1r ler_nat.
have usp : 0 < us.
  rewrite lt_def us0 andbT; apply: contraTneq (_ : 0 < us ^+ m.+2) => [->|]; first by rewrite expr0n ltxx.
  by rewrite usE divr_gt0.
have late u : us <= u -> m%:R <= m.+1%:R * u ^+ m.+2.
  move=> lo; apply: (@le_trans _ _ (m.+1%:R * us ^+ m.+2)); first by rewrite usE mulrC divfK ?gt_eqF.
  by rewrite ler_pmul2l // ler_expn2r ?nnegrE // (le_trans us0).
have [small|large] := lerP x (strength m us).
  have [|u /andP [lo hi] E] := @strength_onto R m us 1 x us1 _ small; first by rewrite /strength !expr1n subrr mulr0.
  have up : 0 < u by apply: lt_le_trans lo.
  exists u => [|s s0]; first exact: ltW.
  rewrite -{1}E curve_strength; apply: curve_ge => //; last by rewrite -E.
  - by rewrite exprn_ile1 // ltW.
  - exact: late.
exists 0 => // s s0; have -> : dnc_curve m.+2 x 0 = 1 / 2.
  by rewrite /dnc_curve !expr0n /= mulr0 mul0r addr0 subr0 expr1n.
apply: le_trans (curve_ge s0 usp _ (late _ (lexx _)) (ltW large)); last by rewrite exprn_ile1.
have n1 : m.+1%:R = m%:R + 1 :> R by rewrite mulrSr.
have n2 : m.+2%:R = m%:R + 2 :> R by rewrite -addn2 natrD.
by rewrite usE n2 n1; rewrite n1 in m1; apply: eqW; field; rewrite gt_eqF.
Qed.

Theorem best_dnc (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R) (x : R) :
  (0 < K)%N -> (0 < n)%N -> (1 < L)%N -> (forall l, (l < L)%N -> (K <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  0 <= x -> x ^+ L.+1 = x_power K L n lam ->
  exists2 th : weights R K L n d, is_dnc th & forall s, 0 <= s -> loss lam th <= dnc_curve L.+1 x s.
Proof.
move=> Kp n0 L2 Kd lamp x0 xE; have [|s0 s0p least] := @curve_least R L.-1 x _ x0.
  by rewrite -ltnS prednK // ltnW.
have EL : L.-1.+2 = L.+1 by case: L L2 {Kd lamp xE least}.
have [th dnc E] := dnc_reached Kp n0 (ltnW L2) Kd lamp x0 s0p xE.
by exists th => // s sp; rewrite E -EL; apply: least.
Qed.
