(* The theorems on linear layers, in the words of Model.v, ModelLoss.v and ModelLinear.v alone; cross-entropy is a margin loss
   by `cross_entropy` in TheoremsLoss.v. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Dufm Require Import Model ModelLoss ModelLinear LinearBound LinearDnc OneLayerLoss.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* Garrod and Keating's Theorem 1, for every margin loss, strength and number of samples. *)
Theorem linear_suboptimal K L :
  ((6 <= K)%N -> (2 <= L)%N -> linear_win K L K) /\ ((4 <= K)%N -> (3 <= L)%N -> linear_win K L K).
Proof. exact: linear_table. Qed.

(* What DNC of linear layers pays for its scale alpha, whatever its features. *)
Theorem linear_bound (R : rcfType) (K L n : nat) (d : nat -> nat) (th : weights R K L n d) (alpha : R) :
  (2 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> linear_output th = alpha *: @centring R K *m Y R K n ->
  n%:R * (K.-1%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <=
    sqnorm (H1 th) * \prod_(l < L.-1) sqnorm (hidden th l) * sqnorm (WL th).
Proof. exact: (fun K2 n0 L2 out => @linear_pays R K L n d K2 n0 L2 th alpha out). Qed.

(* One layer: beside any weights stand some with outputs alpha (I - J / K) (x) 1_n^T, alpha >= 0, and a loss no larger. *)
Theorem linear_one_layer (R : rcfType) (K n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R)
    (th : weights R K 1 n d) :
  (2 <= K)%N -> (1 <= n)%N -> margin_loss ell -> (K <= d 0)%N -> (forall l, (l <= 1)%N -> 0 < lam l) ->
  exists2 alpha : R, 0 <= alpha & exists2 th' : weights R K 1 n d,
    linear_output th' = alpha *: @centring R K *m Y R K n & linear_objective ell lam th' <= linear_objective ell lam th.
Proof. exact: (fun K2 n0 ml room lp => @OneLayerLoss.one_layer R K n ell K2 n0 ml d lam th room lp). Qed.
