(* The theorems, in the words of Model.v alone; every proof below is one reference to where it is done. `make prove` prints
   what each assumes. Shapes that are proved elsewhere: certificates (Check*.v), bounds (Pointwise.v, LowerBound.v). *)
From mathcomp Require Import all_ssreflect all_algebra.
From Dufm Require Import Model Better CheckHead CheckUnit OneLayer Certificates Near ModelFacts.
From Dufm Require Import ZTest Threshold NotOptimal TwoClasses ThreeClasses Vanish Pairs Spectra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* From three classes and four layers on, DNC is nowhere a global minimiser, at any strengths at which it is not zero. *)
Theorem four_layers K L : (3 <= K)%N -> (4 <= L)%N -> low_rank_wins K L K.
Proof. by move=> hK hL; have := check_head_sound four_layers_ok hK hL; rewrite /= subnKC. Qed.

(* Three layers: from seven classes on. *)
Theorem three_layers K L : (7 <= K)%N -> (3 <= L)%N -> low_rank_wins K L K.
Proof. by move=> hK hL; have := check_head_sound three_layers_ok hK hL; rewrite /= subnKC. Qed.

(* Two layers: from fifteen classes on. *)
Theorem two_layers K : (15 <= K)%N -> low_rank_wins K 2 (K + 5).
Proof.
move=> hK; suff -> : (K + 5 = 20 + (K - 15))%N by exact: (check_unit_sound halves_ok).
by rewrite addnBA // [(20 + K)%N]addnC -addnBA.
Qed.

(* From two layers on DNC becomes arbitrarily bad as K grows: with enough classes some weights have a loss no larger than
   DNC has at strengths m times as small. *)
Theorem vanishing K L m : (1 <= m)%N -> (4096 * m ^ 6 <= K)%N -> (2 <= L)%N ->
  forall (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d),
  (1 <= n)%N -> (forall l, (l < L)%N -> (16 * K <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) -> is_dnc th ->
  exists th' : weights R K L n d, loss lam th' <= loss (fun l => lam l / m%:R) th.
Proof. exact: Vanish.vanishing. Qed.

(* Near its collapse (x = 0.3969 at two layers, 0.2722 at three) DNC loses from four classes on, from these x on. *)
Theorem near_collapse_two K :
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
Proof. exact: Near.two. Qed.
Theorem near_collapse_three K :
  [/\ (4 <= K)%N -> low_rank_wins_from (253 * 1000 + 874) (1000 * 1000) K 3 (K + 2),
      (5 <= K)%N -> low_rank_wins_from (195 * 1000 + 624) (1000 * 1000) K 3 (K + 11) &
      (6 <= K)%N -> low_rank_wins_from (63 * 1000 + 102) (1000 * 1000) K 3 (K + 6)].
Proof. exact: Near.three. Qed.

(* One layer: beside any weights stand some with output t Y, a collapsed one, and a loss no larger. *)
Theorem one_layer (R : rcfType) (K n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K 1 n d) :
  (1 <= K)%N -> (1 <= n)%N -> (K <= d 0)%N -> (forall l, (l <= 1)%N -> 0 < lam l) ->
  exists (t : R) (th' : weights R K 1 n d), output th' = t%:M *m Y R K n /\ loss lam th' <= loss lam th.
Proof. exact: OneLayer.one_layer. Qed.

(* One threshold. Below the collapse of DNC (x^(L + 1) = (L - 1)^(L - 1) / L^(2 L)): where DNC is optimal, it is optimal at
   every smaller x; so weights below DNC at one x are there at every larger one too. And zero weights stay optimal. *)
Theorem one_threshold (R : rcfType) (K L n : nat) (d : nat -> nat) (lam lam' : nat -> R) :
  (1 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> (forall l, (l < L)%N -> (K <= d l)%N) ->
  (forall l, (l <= L)%N -> 0 < lam l) -> (forall l, (l <= L)%N -> 0 < lam' l) ->
  x_power K L n lam' <= x_power K L n lam -> L%:R ^+ L.*2 * x_power K L n lam <= L.-1%:R ^+ L.-1 ->
  dnc_optimal K L n d lam -> dnc_optimal K L n d lam'.
Proof. exact: Threshold.one_threshold. Qed.
Theorem zero_stays (R : rcfType) (K L n : nat) (d : nat -> nat) (lam lam' : nat -> R) :
  (1 <= K)%N -> (1 <= n)%N -> (1 <= L)%N ->
  (forall l, (l <= L)%N -> 0 < lam l) -> (forall l, (l <= L)%N -> 0 < lam' l) ->
  x_power K L n lam <= x_power K L n lam' ->
  global_minimiser lam (zero_weights : weights R K L n d) -> global_minimiser lam' (zero_weights : weights R K L n d).
Proof. exact: Threshold.zero_stays. Qed.

(* Where low rank wins DNC is not optimal, so at K >= 3, L >= 4 it is at no strength below collapse. *)
Theorem not_optimal K L w : (1 <= K)%N -> (2 <= L)%N -> low_rank_wins K L w ->
  forall (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d),
  (1 <= n)%N -> (forall l, (l < L)%N -> (w <= d l)%N) -> (forall l, (l < L)%N -> (K <= d l)%N) ->
  (forall l, (l <= L)%N -> 0 < lam l) -> is_dnc th -> loss lam th < loss lam (zero_weights : weights R K L n d) ->
  ~ dnc_optimal K L n d lam.
Proof. exact: NotOptimal.not_optimal. Qed.

(* Two classes: DNC is optimal at every depth and strength (one layer: `one_layer`). *)
Theorem two_classes (R : rcfType) (L n : nat) (d : nat -> nat) (lam : nat -> R) :
  (2 <= L)%N -> (1 <= n)%N -> (forall l, (l < L)%N -> (2 <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  dnc_optimal 2 L n d lam.
Proof. exact: TwoClasses.two_classes. Qed.

(* The pair bound, for all weights of any widths: the loss is at least DNC's of two classes, (1 - s^(L + 1))^2 / 2 +
   (L + 1) y s^2 / 2 at some s, where y^(L + 1) = (2 / K)^(L - 1) x^(L + 1). *)
Theorem pair_bound (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d) (y : R) :
  (2 <= K)%N -> (1 <= L)%N -> (1 <= n)%N -> (forall l, (l <= L)%N -> 0 < lam l) ->
  0 <= y -> y ^+ L.+1 <= (2 / K%:R) ^+ L.-1 * x_power K L n lam ->
  exists2 s, 0 <= s & (1 - s ^+ L.+1) ^+ 2 / 2 + L.+1%:R * y * s ^+ 2 / 2 <= loss lam th.
Proof. exact: Pairs.pair_bound. Qed.

(* Three classes, two layers: DNC is optimal at weak decay, x <= 1/9 (it collapses at x = 0.3969). *)
Theorem three_classes_optimal (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) :
  (1 <= n)%N -> (forall l, (l < 2)%N -> (3 <= d l)%N) -> (forall l, (l <= 2)%N -> 0 < lam l) ->
  x_power 3 2 n lam <= 9^-1 ^+ 3 -> dnc_optimal 3 2 n d lam.
Proof. exact: ThreeClasses.three_classes. Qed.

(* The Z-test, for every number k of columns: M without positive entries off its diagonal, F M a contraction. *)
Theorem z_test (R : rcfType) (m d k : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, k)) (M : 'M[R]_k) :
  (forall i j, i != j -> M i j <= 0) -> (forall v : 'cV[R]_k, sqnorm (relu (W *m X) *m M *m v) <= sqnorm v) ->
  2 * \tr (M^T *m ((relu (W *m X))^T *m relu (W *m X))) <= sqnorm W + sqnorm X.
Proof. exact: ZTest.z_test. Qed.

(* Two layers in closed form, for every number k of columns: |W| |X| >= (tr A)^(3/2) / (tr A^2)^(1/2) for A = F^T F, where no
   eigenvalue of A is above 4 tr A^2 / tr A. *)
Theorem line_bound (R : rcfType) (m d k : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, k)) :
  (forall v : 'cV[R]_k, sqnorm (relu (W *m X)) * sqnorm (relu (W *m X) *m v) <=
    4 * sqnorm ((relu (W *m X))^T *m relu (W *m X)) * sqnorm v) ->
  sqnorm (relu (W *m X)) ^+ 3 <= sqnorm ((relu (W *m X))^T *m relu (W *m X)) * (sqnorm W * sqnorm X).
Proof. exact: Spectra.line_bound. Qed.

(* None of this is empty: at every size and for all ratios of the strengths, if they are weak enough, there are DNC
   configurations with a loss below that of zero weights. *)
Theorem not_empty (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R) :
  (1 <= K)%N -> (1 <= n)%N -> (1 <= L)%N -> (forall l, (l < L)%N -> (K <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  exists (eps : R) (th : weights R K L n d), 0 < eps /\ is_dnc th /\
  loss (fun l => eps * lam l) th < loss (fun l => eps * lam l) (zero_weights : weights R K L n d).
Proof.
by move=> Kp n1 L1 Kd lp; have [eps ep h] := dnc_below_zero_weights Kp n1 L1 Kd lp; exists eps, (collapsed R K L n d).
Qed.
