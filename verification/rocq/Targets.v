(* The targets Y = I_K (x) 1_n^T: copying every column n times commutes with relu and multiplies squared norms by n. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Targets.
Variables (R : rcfType) (K n : nat).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).

Lemma class_subproof (j : 'I_(K * n)) : (j %/ n < K)%N.
Proof. by case: n j => [|m] j; [case: j => j; rewrite muln0 | rewrite ltn_divLR]. Qed.
(* the class of a column *)
Definition class (j : 'I_(K * n)) : 'I_K := Ordinal (class_subproof j).

Lemma mulY m (A : 'M[R]_(m, K)) i j : (A *m Y) i j = A i (class j).
Proof.
rewrite mxE (bigD1 (class j)) //= mxE eqxx mulr1 big1 ?addr0 // => k kj.
by rewrite mxE eq_sym -val_eqE /= in kj *; rewrite (negbTE kj) mulr0.
Qed.
Lemma relu_mulY m (A : 'M[R]_(m, K)) : relu (A *m Y) = relu A *m Y.
Proof. by apply/matrixP => i j; rewrite mulY !mxE -mulY mxE. Qed.

Lemma sum_class (f : nat -> R) : \sum_(j < K * n) f (j %/ n)%N = n%:R * \sum_(k < K) f k.
Proof.
rewrite -(big_mkord xpredT (fun j => f (j %/ n)%N)) big_nat_mul big_mkord mulr_sumr; apply: eq_bigr => k _.
rewrite (eq_big_nat _ _ (F2 := fun=> f k)) => [|j /andP [lo hi]]; last first.
  have n0 : (0 < n)%N by case: n lo hi => // _; rewrite muln0.
  by congr f; apply/eqP; rewrite eqn_leq -ltnS ltn_divLR // hi leq_divRL.
by rewrite sumr_const_nat mulSn addnK mulr_natl.
Qed.
Lemma mulYYT : Y *m Y^T = n%:R%:M.
Proof.
apply/matrixP => k k'; rewrite !mxE.
rewrite (eq_bigr (fun j : 'I_(K * n) => (fun i : nat => (i == k)%:R * (i == k')%:R) (j %/ n)%N)); last first.
  by move=> j _; rewrite !mxE.
rewrite (sum_class (fun i => (i == k)%:R * (i == k')%:R)) (bigD1 k) //= eqxx mul1r big1 => [|i ik].
  by rewrite addr0 val_eqE; case: (k == k'); rewrite ?mulr1 ?mulr1n // mulr0 mulr0n.
by rewrite val_eqE (negbTE ik) mul0r.
Qed.
Lemma dotY m (A B : 'M[R]_(m, K)) : dot (A *m Y) (B *m Y) = n%:R * dot A B.
Proof. by rewrite dot_mulr -mulmxA mulYYT mul_mx_scalar dotZr. Qed.
Lemma sqY m (A : 'M[R]_(m, K)) : sq (A *m Y) = n%:R * sq A.
Proof. by rewrite !sqE dotY. Qed.
Lemma feature_mulY (d : nat -> nat) (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M_(d 0%N, K)) l :
  feature W (X *m Y) l = feature W X l *m Y.
Proof. by elim: l => //= l ->; rewrite mulmxA relu_mulY. Qed.
End Targets.
