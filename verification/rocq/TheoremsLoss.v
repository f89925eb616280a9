(* The theorems on cross-entropy and every other margin loss, in the words of Model.v and ModelLoss.v alone; the proofs are
   references, as in Theorems.v. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Dufm Require Import Model ModelLoss MarginBound MarginDnc MarginFacts MarginTable.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* No DNC configuration but zero, narrow or broad, is a global minimiser under any margin loss, at any strengths, *)
Theorem low_rank_margins K L :
  [/\ (15 <= K)%N -> margins_win (@is_broad_dnc) K 2 (K + 5),
      (6 <= K)%N -> (3 <= L)%N -> margins_win (@is_broad_dnc) K L K,
      (5 <= K)%N -> (4 <= L)%N -> margins_win (@is_broad_dnc) K L (K + 1) &
      (3 <= K)%N -> (5 <= L)%N -> margins_win (@is_broad_dnc) K L (K + 1)].
Proof. exact: dnc_table. Qed.
(* and none that has NC2 alone. *)
Theorem low_rank_nc2 K L :
  [/\ (26 <= K)%N -> margins_win (@is_nc2) K 2 (K + 44),
      (10 <= K)%N -> (3 <= L)%N -> margins_win (@is_nc2) K L K,
      (8 <= K)%N -> (4 <= L)%N -> margins_win (@is_nc2) K L (K + 12) &
      (6 <= K)%N -> (5 <= L)%N -> margins_win (@is_nc2) K L (K + 5)].
Proof. exact: nc2_table. Qed.
Theorem low_rank_nc2_few L :
  [/\ (4 <= L)%N -> margins_win (@is_nc2) 7 L 17, (7 <= L)%N -> margins_win (@is_nc2) 5 L 8 &
      (8 <= L)%N -> margins_win (@is_nc2) 4 L 5].
Proof. exact: nc2_few. Qed.
Theorem narrow_broad_nc2 (R : rcfType) (K L n : nat) (d : nat -> nat) (th : weights R K L n d) :
  (1 <= K)%N -> (is_dnc th -> is_broad_dnc th) /\ (is_broad_dnc th -> is_nc2 th).
Proof. exact: MarginTable.narrow_broad_nc2. Qed.

(* Cross-entropy is a margin loss wherever there are an exponential and a logarithm with these laws, as over the reals. *)
Theorem cross_entropy (R : rcfType) (K : nat) (exp ln : R -> R) :
  (forall x y, exp (x + y) = exp x * exp y) -> (forall x, 1 + x <= exp x) -> (forall y, 0 < y -> exp (ln y) = y) ->
  margin_loss (fun (k : 'I_K) (z : 'cV[R]_K) => ln (\sum_j exp (z j 0 - z k 0))).
Proof. exact: cross_entropy_loss. Qed.
Theorem squared_hinge (R : rcfType) (K : nat) :
  margin_loss (fun (k : 'I_K) (z : 'cV[R]_K) => \sum_(j | j != k) Num.max 0 (1 - (z k 0 - z j 0)) ^+ 2).
Proof. exact: squared_hinge_loss. Qed.

(* Collapse has a loss no less than that of the output alpha I, which has all margins alpha, and pays for alpha. *)
Theorem margin_bound (R : rcfType) (K L n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R) (th : weights R K L n d) :
  (2 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> margin_loss ell -> is_nc2 th -> exists alpha : R,
  let product := sqnorm (H1 th) * \prod_(l < L.-1) sqnorm (hidden th l) * sqnorm (WL th) in
  [/\ K%:R^-1 * (\sum_k ell k (col k alpha%:M)) <= mean_loss ell (output th),
      n%:R * ((K%:R - 1) ^+ L * (K%:R - 1)) * alpha ^+ 2 <= product &
      is_broad_dnc th -> n%:R * (K%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <= product].
Proof. exact: collapse_pays. Qed.

(* Where some weights have margins of at least 1 and squared norms that multiply to less than n K^L (K - 1), no DNC
   configuration but zero is a global minimiser. *)
Theorem margins_beat (R : rcfType) (K L n : nat) (d : nat -> nat) (th0 : weights R K L n d) (O : 'M[R]_K) :
  (2 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> output th0 = O *m Y R K n -> (forall k j, j != k -> 1 <= O k k - O j k) ->
  sqnorm (H1 th0) * \prod_(l < L.-1) sqnorm (hidden th0 l) * sqnorm (WL th0) < n%:R * (K%:R ^+ L * (K%:R - 1)) ->
  forall (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R) (th : weights R K L n d), margin_loss ell ->
  (forall l, (l <= L)%N -> 0 < lam l) -> is_broad_dnc th -> ~ is_zero th ->
  exists th' : weights R K L n d, objective ell lam th' < objective ell lam th.
Proof. exact: (fun K2 n0 L2 out m c ell lam th ml lp dnc nz => @margins_beat_dnc R K L n d ell K2 n0 L2 ml lam th lp th0 O out m c dnc nz). Qed.
