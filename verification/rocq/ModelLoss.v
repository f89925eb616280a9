(* What must be believed, besides Model.v, of the theorems on cross-entropy and its like. Nothing is proved here. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Dufm Require Import Model.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.
Section Loss.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).

(* ell k z is the loss of a sample of class k whose output is the column z. It is a margin loss if it is convex in z, treats
   the classes alike, and does not grow where no margin z_k - z_j shrinks. Cross-entropy, log (sum_j exp (z_j - z_k)), is
   one, and so are hinge losses (theorems `cross_entropy` and `squared_hinge`). *)
Record margin_loss (ell : 'I_K -> 'cV[R]_K -> R) : Prop := MarginLoss {
  convex : forall k (a : R) (x y : 'cV[R]_K), 0 <= a <= 1 -> ell k (a *: x + (1 - a) *: y) <= a * ell k x + (1 - a) * ell k y;
  symmetric : forall (s : {perm 'I_K}) k (z : 'cV[R]_K), ell (s k) z = ell k (\col_i z (s i) 0);
  decreasing : forall k (x y : 'cV[R]_K), (forall j, y k 0 - y j 0 <= x k 0 - x j 0) -> ell k x <= ell k y }.

(* The mean over the K n samples: column j of the outputs belongs to class j / n, as in Model.v. *)
Definition mean_loss (ell : 'I_K -> 'cV[R]_K -> R) (Z : 'M[R]_(K, K * n)) : R :=
  (K * n)%:R^-1 * \sum_(k < K) \sum_(j < K * n | (j %/ n)%N == k) ell k (col j Z).
Definition objective ell (lam : nat -> R) (th : weights R K L n d) : R :=
  mean_loss ell (output th)
  + lam 0%N / 2 * sqnorm (H1 th) + \sum_(l < L.-1) lam l.+1 / 2 * sqnorm (hidden th l) + lam L / 2 * sqnorm (WL th).

(* Collapse in wider senses than `is_dnc` of Model.v: in every hidden layer 2 .. L the samples of a class share one feature,
   F_l = M (x) 1_n^T, and of the K class features M only this is asked. Broad DNC: equal norms and equal angles (b = 0 is
   narrow DNC). NC2 alone: with their mean taken away they form a simplex; norms and mean are free, c = 0 is allowed. *)
Definition centring : 'M[R]_K := 1%:M - K%:R^-1 *: const_mx 1.
Definition is_broad_dnc (th : weights R K L n d) :=
  forall l, (1 <= l <= L.-1)%N -> exists (M : 'M[R]_(d l, K)) (c b : R),
    feature (hidden th) (H1 th) l = M *m Y R K n /\ M^T *m M = c%:M + b *: const_mx 1.
Definition is_nc2 (th : weights R K L n d) :=
  forall l, (1 <= l <= L.-1)%N -> exists (M : 'M[R]_(d l, K)) (c : R),
    feature (hidden th) (H1 th) l = M *m Y R K n /\ centring *m (M^T *m M) *m centring = c *: centring.
Definition is_zero (th : weights R K L n d) := [/\ H1 th = 0, forall l, (l < L.-1)%N -> hidden th l = 0 & WL th = 0].
End Loss.
(* What the theorems say of K classes and L layers: over every field R, for every margin loss, every number n of samples a
   class, all hidden widths >= w and all positive strengths, no collapsed weights but zero are a global minimiser. *)
Definition margins_win (collapsed : forall R K L n d, weights R K L n d -> Prop) (K L w : nat) :=
  forall (R : rcfType) (n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R) (th : weights R K L n d),
  margin_loss ell -> (1 <= n)%N -> (forall l, (l < L)%N -> (w <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  collapsed R K L n d th -> ~ is_zero th -> exists th' : weights R K L n d, objective ell lam th' < objective ell lam th.
