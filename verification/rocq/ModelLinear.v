(* What must be believed, besides Model.v and ModelLoss.v, of the theorem on linear layers. Nothing is proved here. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Dufm Require Import Model ModelLoss.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Linear.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).

(* As `feature`, `output` and `objective`, without relu. *)
Fixpoint linear N (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M[R]_(d 0, N)) l : 'M[R]_(d l, N) :=
  if l is l'.+1 then W l' *m linear W X l' else X.
Definition linear_output (th : weights R K L n d) := WL th *m linear (hidden th) (H1 th) L.-1.
Definition linear_objective (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R) (th : weights R K L n d) : R :=
  mean_loss ell (linear_output th)
  + lam 0%N / 2 * sqnorm (H1 th) + \sum_(l < L.-1) lam l.+1 / 2 * sqnorm (hidden th l) + lam L / 2 * sqnorm (WL th).
(* DNC of linear layers at scale alpha > 0: the outputs are alpha (I - J / K) (x) 1_n^T. Nothing is asked of the features. *)
Definition linear_dnc (th : weights R K L n d) :=
  exists2 alpha : R, 0 < alpha & linear_output th = alpha *: @centring R K *m Y R K n.
End Linear.

(* For every margin loss, number n of samples a class, hidden widths >= w and positive strengths no DNC weights are a
   global minimiser. *)
Definition linear_win (K L w : nat) :=
  forall (R : rcfType) (n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R) (th : weights R K L n d),
  margin_loss ell -> (1 <= n)%N -> (forall l, (l < L)%N -> (w <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  linear_dnc th -> exists th' : weights R K L n d, linear_objective ell lam th' < linear_objective ell lam th.
