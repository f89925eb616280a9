(* The two theorems near collapse, from the certificates near_two and near_three. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Dufm Require Import Model Integer Fraction Factors CheckInterval NearCollapse Certificates.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Delimit Scope Z_scope with I.
Local Open Scope ring_scope.

(* K (u / v) = a / b for numerals *)
Lemma times (R : rcfType) (K u v a b : nat) : (0 < v)%N -> (0 < b)%N -> (K * u * b == a * v)%N ->
  K%:R * fR R (BinInt.Z.of_nat u, BinInt.Z.of_nat v) = a%:R / b%:R.
Proof.
move=> v0 b0 /eqP E; rewrite /fR /= !zR_nat mulrA; apply/eqP.
by rewrite eqr_div ?pnatr_eq0 -?lt0n // -!natrM E.
Qed.

Lemma two K : (5 <= K)%N -> low_rank_wins_from 93 250 K 2 K.
Proof.
move=> hK; suff {2}-> : (K = 5 + (K - 5))%N; last by rewrite subnKC.
have past : past_collapse 5 near_two_data_0 by vm_compute.
have xE (R : rcfType) : 5%:R * fR R (low near_two_data_0) = 93%:R / 250%:R by exact: (@times R 5 93 1250 93 250).
exact: (near_wins near_two_ok (erefl _) past _ xE).
Qed.
Lemma three K : (4 <= K)%N -> low_rank_wins_from 129 500 K 3 (K + 2).
Proof.
move=> hK; suff -> : (K + 2 = 6 + (K - 4))%N; last by rewrite -[6%N]/(2 + 4)%N -addnA subnKC // addnC.
have past : past_collapse 4 near_three_data_0 by vm_compute.
have xE (R : rcfType) : 4%:R * fR R (low near_three_data_0) = 129%:R / 500%:R by exact: (@times R 4 129 2000 129 500).
exact: (near_wins near_three_ok (erefl _) past _ xE).
Qed.
