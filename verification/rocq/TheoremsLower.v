(* Bounds of every network from below, in the words of Model.v alone: four of the certificates of kind "lower". For each of
   the others `make prove` has a theorem of the same shape; check_lower_sound and check_lower_cost in LowerLoss.v give them. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Dufm Require Import Model LowerTable.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* Ten classes, at about half of DNC's collapse: no weights have a loss below 0.2513 at two layers (DNC has 0.2758 at x = 0.198)
   or 0.1917 at three (0.2620 at x = 0.136), whatever their widths, n and strengths. *)
Theorem loss_from_below (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) : (1 <= n)%N ->
  ((forall l, (l <= 2)%N -> 0 < lam l) -> (198%:R / 10 ^+ 3) ^+ 3 <= x_power 10 2 n lam ->
    forall th : weights R 10 2 n d, 2513%:R / 10 ^+ 4 <= loss lam th) /\
  ((forall l, (l <= 3)%N -> 0 < lam l) -> (136%:R / 10 ^+ 3) ^+ 4 <= x_power 10 3 n lam ->
    forall th : weights R 10 3 n d, 1917%:R / 10 ^+ 4 <= loss lam th).
Proof. by move=> n1; split; [exact: loss_two | exact: loss_three]. Qed.

(* Four classes, weak decay: where the outputs are the targets the squared norms multiply to n C^(L + 1), C >= 3.97 at two layers
   and 3.87 at three. DNC has C = 4. *)
Theorem cost_from_below (R : rcfType) (n : nat) (d : nat -> nat) : (1 <= n)%N ->
  (forall th : weights R 4 2 n d, output th = Y R 4 n ->
    n%:R * (397%:R / 100%:R) ^+ 3 <= sqnorm (H1 th) * \prod_(l < 1) sqnorm (hidden th l) * sqnorm (WL th)) /\
  (forall th : weights R 4 3 n d, output th = Y R 4 n ->
    n%:R * (387%:R / 100%:R) ^+ 4 <= sqnorm (H1 th) * \prod_(l < 2) sqnorm (hidden th l) * sqnorm (WL th)).
Proof. by move=> n1; split; [exact: cost_two | exact: cost_three]. Qed.
