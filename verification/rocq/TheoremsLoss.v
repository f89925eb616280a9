(* The theorems on cross-entropy and every other margin loss, in the words of Model.v and ModelLoss.v alone; the proofs are
   references, as in Theorems.v. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Dufm Require Import Model ModelLoss MarginBound MarginDnc MarginSrg MarginFacts.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* Every DNC configuration has a loss no less than that of the output alpha I, which has all margins alpha, and pays for
   alpha: its squared norms multiply to n K^L (K - 1) alpha^2 at least. *)
Theorem margin_bound (R : rcfType) (K L n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R) (th : weights R K L n d) :
  (2 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> margin_loss ell -> is_dnc th ->
  exists alpha : R, K%:R^-1 * (\sum_k ell k (col k alpha%:M)) <= mean_loss ell (output th) /\
  n%:R * (K%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <=
    sqnorm (H1 th) * \prod_(l < L.-1) sqnorm (hidden th l) * sqnorm (WL th).
Proof. exact: (fun K2 n0 L2 ml dnc => @dnc_margin_bound R K L n d ell K2 n0 L2 ml th dnc). Qed.

(* Where some weights have margins of at least 1 and squared norms that multiply to less than n K^L (K - 1), no DNC
   configuration better than zero weights is a global minimiser, at any strengths and for any margin loss. *)
Theorem margins_beat (R : rcfType) (K L n : nat) (d : nat -> nat) (th0 : weights R K L n d) (O : 'M[R]_K) :
  (2 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> output th0 = O *m Y R K n -> (forall k j, j != k -> 1 <= O k k - O j k) ->
  sqnorm (H1 th0) * \prod_(l < L.-1) sqnorm (hidden th0 l) * sqnorm (WL th0) < n%:R * (K%:R ^+ L * (K%:R - 1)) ->
  forall (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R) (th : weights R K L n d), margin_loss ell ->
  (forall l, (l <= L)%N -> 0 < lam l) -> is_dnc th ->
  objective ell lam th < objective ell lam (zero_weights : weights R K L n d) ->
  exists th' : weights R K L n d, objective ell lam th' < objective ell lam th.
Proof. exact: (fun K2 n0 L2 out m c ell lam th ml lp dnc s => @margins_beat_dnc R K L n d ell K2 n0 L2 ml lam th lp s th0 O out m c dnc). Qed.

(* Low rank wins for any margin loss at K = r (r - 1) / 2 classes, r >= 5, from four layers on, at hidden widths w >= K. *)
Theorem low_rank_margins (r L : nat) : (5 <= r)%N -> (4 <= L)%N ->
  forall (R : rcfType) (n w : nat) (ell : 'I_('C(r, 2)) -> 'cV[R]_('C(r, 2)) -> R) (lam : nat -> R)
    (th : weights R 'C(r, 2) L n (fun=> w)),
  (1 <= n)%N -> ('C(r, 2) <= w)%N -> (forall l, (l <= L)%N -> 0 < lam l) -> margin_loss ell -> is_dnc th ->
  objective ell lam th < objective ell lam (zero_weights : weights R 'C(r, 2) L n (fun=> w)) ->
  exists th' : weights R 'C(r, 2) L n (fun=> w), objective ell lam th' < objective ell lam th.
Proof. exact: srg_beats. Qed.

(* Margin losses exist: the squared hinge. *)
Theorem squared_hinge (R : rcfType) (K : nat) :
  margin_loss (fun (k : 'I_K) (z : 'cV[R]_K) => \sum_(j | j != k) Num.max 0 (1 - (z k 0 - z j 0)) ^+ 2).
Proof. exact: squared_hinge_loss. Qed.
