(* The two theorems near collapse: the least x known at which weights for K0 classes are below DNC, certificate by
   certificate. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Dufm Require Import Model Integer Fraction Factors CheckInterval NearFrom Certificates.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Delimit Scope Z_scope with I.

Lemma two K :
  [/\ (4 <= K)%N -> low_rank_wins_from (395 * 1000 + 198) (1000 * 1000) K 2 K,
      (5 <= K)%N -> low_rank_wins_from (370 * 1000 + 490) (1000 * 1000) K 2 K,
      (6 <= K)%N -> low_rank_wins_from (364 * 1000 + 404) (1000 * 1000) K 2 K,
      (7 <= K)%N -> low_rank_wins_from (358 * 1000 + 189) (1000 * 1000) K 2 (K + 3) &
  [/\ (8 <= K)%N -> low_rank_wins_from (326 * 1000 + 218) (1000 * 1000) K 2 (K + 2),
      (9 <= K)%N -> low_rank_wins_from (317 * 1000 + 368) (1000 * 1000) K 2 (K + 3),
      (10 <= K)%N -> low_rank_wins_from (285 * 1000 + 204) (1000 * 1000) K 2 (K + 3),
      (11 <= K)%N -> low_rank_wins_from (189 * 1000 + 462) (1000 * 1000) K 2 (K + 3) &
      ((13 <= K)%N -> low_rank_wins_from (176 * 1000 + 405) (1000 * 1000) K 2 (K + 6)) /\
      ((14 <= K)%N -> low_rank_wins_from (34 * 1000 + 761) (1000 * 1000) K 2 (K + 6))]].
Proof.
have w4 : begins 4 near_2_4_data_0 395 198 0 by vm_compute.
have w5 : begins 5 near_2_5_data_0 370 490 0 by vm_compute.
have w6 : begins 6 near_2_6_data_0 364 404 0 by vm_compute.
have w7 : begins 7 near_2_7_data_0 358 189 3 by vm_compute.
have w8 : begins 8 near_2_8_data_0 326 218 2 by vm_compute.
have w9 : begins 9 near_2_9_data_0 317 368 3 by vm_compute.
have w10 : begins 10 near_2_10_data_0 285 204 3 by vm_compute.
have w11 : begins 11 near_2_11_data_0 189 462 3 by vm_compute.
have w13 : begins 13 near_2_13_data_0 176 405 6 by vm_compute.
have w14 : begins 14 near_2_14_data_0 34 761 6 by vm_compute.
split=> [K4|K5|K6|K7|]; last split=> [K8|K9|K10|K11|]; last split=> [K13|K14].
- rewrite -{2}[K]addn0; exact: (wins_from near_2_4_ok (erefl _) w4).
- rewrite -{2}[K]addn0; exact: (wins_from near_2_5_ok (erefl _) w5).
- rewrite -{2}[K]addn0; exact: (wins_from near_2_6_ok (erefl _) w6).
- exact: (wins_from near_2_7_ok (erefl _) w7).
- exact: (wins_from near_2_8_ok (erefl _) w8).
- exact: (wins_from near_2_9_ok (erefl _) w9).
- exact: (wins_from near_2_10_ok (erefl _) w10).
- exact: (wins_from near_2_11_ok (erefl _) w11).
- exact: (wins_from near_2_13_ok (erefl _) w13).
- exact: (wins_from near_2_14_ok (erefl _) w14).
Qed.

Lemma three K :
  [/\ (4 <= K)%N -> low_rank_wins_from (253 * 1000 + 874) (1000 * 1000) K 3 (K + 2),
      (5 <= K)%N -> low_rank_wins_from (195 * 1000 + 624) (1000 * 1000) K 3 (K + 11) &
      (6 <= K)%N -> low_rank_wins_from (63 * 1000 + 102) (1000 * 1000) K 3 (K + 6)].
Proof.
have w4 : begins 4 near_3_4_data_0 253 874 2 by vm_compute.
have w5 : begins 5 near_3_5_data_0 195 624 11 by vm_compute.
have w6 : begins 6 near_3_6_data_0 63 102 6 by vm_compute.
split=> [K4|K5|K6].
- exact: (wins_from near_3_4_ok (erefl _) w4).
- exact: (wins_from near_3_5_ok (erefl _) w5).
- exact: (wins_from near_3_6_ok (erefl _) w6).
Qed.
