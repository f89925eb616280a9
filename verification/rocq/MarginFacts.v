(* Margin losses exist: a sum over the other classes of a convex function of the margin that does not grow, such as the
   squared hinge. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sums.
Variables (R : rcfType) (K : nat) (h : R -> R).
Hypotheses (cvx : forall a x y, 0 <= a <= 1 -> h (a * x + (1 - a) * y) <= a * h x + (1 - a) * h y).
Hypotheses (down : forall x y, x <= y -> h y <= h x).
Definition margin_sum (k : 'I_K) (z : 'cV[R]_K) : R := \sum_(j | j != k) h (z k 0 - z j 0).

Theorem margin_sum_loss : margin_loss margin_sum.
Proof.
split=> [k a x y a01|s k z|k x y le].
- rewrite /margin_sum !mulr_sumr -big_split; apply: ler_sum => j _ /=; apply: le_trans (cvx _ _ a01).
  by apply: eqW; congr h; rewrite !mxE !mulrBr opprD addrACA.
- rewrite /margin_sum (reindex_inj (@perm_inj _ s)) /=; apply: eq_big => [j|j _]; first by rewrite (inj_eq perm_inj).
  by rewrite !mxE.
- by apply: ler_sum => j _; apply: down.
Qed.
End Sums.

Section SquaredHinge.
Variable R : rcfType.
Definition squared_hinge (x : R) : R := Num.max 0 (1 - x) ^+ 2.
Lemma hinge_ge (x : R) : 0 <= Num.max 0 (1 - x) /\ 1 - x <= Num.max 0 (1 - x).
Proof. by rewrite !le_maxr !lexx orbT. Qed.
Lemma squared_hinge_loss K : margin_loss (@margin_sum R K squared_hinge).
Proof.
apply: margin_sum_loss => [a x y /andP [a0 a1]|x y xy]; rewrite /squared_hinge.
  have b0 : 0 <= 1 - a by rewrite subr_ge0.
  have [u0 ux] := hinge_ge x; have [v0 vy] := hinge_ge y.
  set u := Num.max 0 (1 - x) in u0 ux *; set v := Num.max 0 (1 - y) in v0 vy *.
  apply: (@le_trans _ _ ((a * u + (1 - a) * v) ^+ 2)).
    have s0 : 0 <= a * u + (1 - a) * v by rewrite addr_ge0 ?mulr_ge0.
    rewrite ler_pexpn2r ?nnegrE ?(hinge_ge _).1 // le_maxl s0 /=.
    apply: le_trans (ler_add (ler_wpmul2l a0 ux) (ler_wpmul2l b0 vy)); apply: eqW; ring.
  rewrite -subr_ge0; have -> : a * u ^+ 2 + (1 - a) * v ^+ 2 - (a * u + (1 - a) * v) ^+ 2 = a * (1 - a) * (u - v) ^+ 2 by ring.
  by apply: mulr_ge0; [apply: mulr_ge0 | apply: sqr_ge0].
rewrite ler_pexpn2r ?nnegrE ?(hinge_ge _).1 // le_maxl (hinge_ge _).1 /=; apply: le_trans (hinge_ge x).2.
by rewrite ler_add2l ler_opp2.
Qed.
End SquaredHinge.
