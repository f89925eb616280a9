(* All that must be believed: the deep unconstrained features model with squared loss. Nothing is proved here.

   How to read it.  'M[R]_(m, n) is the type of m x n matrices over R, and A i j an entry; A *m B is their product, A^T
   the transpose, c%:M the matrix c I; k%:R is the natural number k in R; rows, columns and layers count from 0.
   R is any real closed field: an ordered field with square roots, the real numbers for example. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Model.
Variable R : rcfType.

Definition relu m n (A : 'M[R]_(m, n)) : 'M[R]_(m, n) := \matrix_(i, j) Num.max 0 (A i j).
Definition sqnorm m n (A : 'M[R]_(m, n)) : R := \sum_i \sum_j A i j ^+ 2.

(* K classes, L layers of weights, n samples a class. The features F_1, ..., F_L have d 0, ..., d L.-1 rows. *)
Variables (K L n : nat) (d : nat -> nat).

(* The targets I_K (x) 1_n^T: the first n columns belong to class 0, the next n to class 1, and so on. *)
Definition Y : 'M[R]_(K, K * n) := \matrix_(k, j) ((j %/ n)%N == k)%:R.

(* Free features H_1 and weights W_1, ..., W_L. `hidden l` is W_(l+1), for l < L - 1; no other index is ever read. *)
Record weights := Weights {
  H1 : 'M[R]_(d 0, K * n);
  hidden : forall l, 'M[R]_(d l.+1, d l);
  WL : 'M[R]_(K, d L.-1) }.
Definition zero_weights := Weights 0 (fun=> 0) 0.

(* feature W X l is F_(l+1) when the input is X: F_1 = X and F_(l+1) = relu (W_l F_l). *)
Fixpoint feature N (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M[R]_(d 0, N)) l : 'M[R]_(d l, N) :=
  if l is l'.+1 then relu (W l' *m feature W X l') else X.
Definition output (th : weights) : 'M[R]_(K, K * n) := WL th *m feature (hidden th) (H1 th) L.-1.

(* lam 0 belongs to H_1, and lam l to W_l for 1 <= l <= L. *)
Definition loss (lam : nat -> R) (th : weights) : R :=
  (2 * (K * n)%:R)^-1 * sqnorm (output th - Y)
  + lam 0%N / 2 * sqnorm (H1 th) + \sum_(l < L.-1) lam l.+1 / 2 * sqnorm (hidden th l) + lam L / 2 * sqnorm (WL th).

Definition global_minimiser lam (th : weights) := forall th' : weights, loss lam th <= loss lam th'.

(* Deep neural collapse: in every hidden layer 2 .. L the samples of a class share one feature and the K class features
   are pairwise orthogonal. Here they are also of equal norms: F_l = M (x) 1_n^T, M^T M = c I (possibly c = 0); the
   derivation `dnc` has the bound for unequal norms too. *)
Definition is_dnc (th : weights) :=
  forall l, (1 <= l <= L.-1)%N ->
  exists (M : 'M[R]_(d l, K)) (c : R), feature (hidden th) (H1 th) l = M *m Y /\ M^T *m M = c%:M.

(* DNC is optimal: beside any weights stand collapsed ones with a loss no larger. *)
Definition dnc_optimal lam := forall th : weights, exists2 th' : weights, is_dnc th' & loss lam th' <= loss lam th.

End Model.
Arguments zero_weights {R K L n d}.
Arguments dnc_optimal {R} K L n d lam.

(* What the theorems on low rank say of K classes and L layers: over every field R, for every number n of samples a class,
   all hidden widths >= w and all positive regularisation strengths, a DNC configuration with a loss below that of zero
   weights is not a global minimiser. *)
Definition low_rank_wins (K L w : nat) :=
  forall (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d),
  (1 <= n)%N -> (forall l, (l < L)%N -> (w <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  is_dnc th -> loss lam th < loss lam (zero_weights : weights R K L n d) -> ~ global_minimiser lam th.

(* x = K Lambda to the power L + 1: all that the best loss of DNC depends on, besides L. *)
Definition x_power (R : rcfType) (K L n : nat) (lam : nat -> R) : R := K%:R ^+ L.+1 * (n%:R * \prod_(l < L.+1) lam l).

(* The same where x is at least a / b. *)
Definition low_rank_wins_from (a b K L w : nat) :=
  forall (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d),
  (1 <= n)%N -> (forall l, (l < L)%N -> (w <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  (a%:R / b%:R) ^+ L.+1 <= x_power K L n lam ->
  is_dnc th -> loss lam th < loss lam (zero_weights : weights R K L n d) -> ~ global_minimiser lam th.
