(* `low_rank_wins` and `dnc_optimal` exclude each other below collapse: were DNC optimal, its best configuration would be a
   global minimiser. So the theorems on one threshold do speak of something: at K >= 3, L >= 4 DNC is optimal nowhere. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Dufm Require Import Model Norm Pointwise Better LowerBound Balance Threshold.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Best.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N).
Hypotheses (Kd : forall l, (l < L)%N -> (K <= d l)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l).
Notation m := L.-1.
Let L0 : (0 < L)%N. Proof. exact: ltnW. Qed.
Let Lm : m.+2 = L.+1. Proof. by case: L L0. Qed.

(* some DNC configuration is the best of them *)
Lemma best_collapsed : L%:R ^+ (L.*2) * x_power K L n lam <= m%:R ^+ m ->
  exists2 D : weights R K L n d, is_dnc D & forall th : weights R K L n d, is_dnc th -> loss lam D <= loss lam th.
Proof.
move=> below; have L1 : m.+1 = L by rewrite prednK.
have mr : 0 < m%:R :> R by rewrite ltr0n -ltnS L1.
have Lr : 0 < L%:R :> R by rewrite ltr0n.
have [us us0 [usE xsE]] := collapse_point R m; rewrite Lm L1 in usE xsE.
have P := power_gt0 Kp n0 lamp.
have [x x0 xE] := @root_exists R L.+1 _ isT (ltW P).
have us1 : us ^+ L.+1 <= 1 by rewrite usE ler_pdivr_mulr // mul1r ler_nat leq_pred.
have us_le : us <= 1 by rewrite -(@expr_le1 _ L.+1).
have usp : 0 < us.
  rewrite lt_def us0 andbT; apply: contraTneq (divr_gt0 mr Lr) => z.
  by rewrite -usE z expr0n ltxx.
have xs : x <= strength m us.
  have xs0 : 0 <= strength m us by rewrite /strength mulr_ge0 ?exprn_ge0 ?subr_ge0 ?Lm.
  by rewrite -(ler_pexpn2r (ltn0Sn L)) ?nnegrE // xsE xE ler_pdivl_mulr ?exprn_gt0 // mulrC.
have [|u /andP [lo hi] E] := @strength_onto R m us 1 x us_le _ xs.
  by rewrite /strength !expr1n subrr mulr0.
have up : 0 < u by apply: lt_le_trans lo.
have u1 : u ^+ L.+1 <= 1 by rewrite exprn_ile1 // ltW.
have late : m%:R <= L%:R * u ^+ L.+1.
  apply: (@le_trans _ _ (L%:R * us ^+ L.+1)); first by rewrite usE mulrC divfK ?gt_eqF.
  by rewrite ler_wpmul2l ?ler0n // ler_expn2r ?nnegrE // ltW.
have [D dnc lossD] := dnc_reached Kp n0 L0 Kd lamp x0 (ltW up) xE.
exists D => // th hth; rewrite lossD -E; have := curve_strength m u; rewrite Lm => ->.
exact: (dnc_at_least Kp n0 L2 lamp up u1 late E xE hth).
Qed.
End Best.

Theorem not_optimal K L w : (1 <= K)%N -> (2 <= L)%N -> low_rank_wins K L w ->
  forall (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d),
  (1 <= n)%N -> (forall l, (l < L)%N -> (w <= d l)%N) -> (forall l, (l < L)%N -> (K <= d l)%N) ->
  (forall l, (l <= L)%N -> 0 < lam l) -> is_dnc th -> loss lam th < loss lam (zero_weights : weights R K L n d) ->
  ~ dnc_optimal K L n d lam.
Proof.
move=> Kp L2 wins R n d lam th n0 wd Kd lamp dnc below opt.
have below_half := below; rewrite loss_zero // in below_half.
have [|D hD best] := @best_collapsed R K L n d lam Kp n0 L2 Kd lamp.
  rewrite leNgt; apply/negP => /ltW h; move: below_half; rewrite ltNge => /negP; apply.
  apply: (dnc_collapsed Kp n0 (ltnW L2) lamp L2 dnc).
  by rewrite /strengths -prod_ends //; apply: (ltnW L2).
apply: (wins R n d lam D n0 wd lamp hD) => [|th']; first exact: le_lt_trans (best _ dnc) below.
by have [th'' h le] := opt th'; apply: le_trans (best _ h) le.
Qed.
