(* Weights carried to wider layers by zero rows and columns: the same loss. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Structure.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Pad.
Variable R : rcfType.
Notation sq := (@sqnorm R _ _).

Lemma pid_pid q d : (q <= d)%N -> (pid_mx q : 'M[R]_(q, d)) *m (pid_mx q : 'M_(d, q)) = 1%:M.
Proof. by move=> qd; rewrite mul_pid_mx minnn (minn_idPr qd) pid_mx_1. Qed.
Lemma relu_pidl q d N (X : 'M[R]_(q, N)) : (q <= d)%N ->
  relu ((pid_mx q : 'M_(d, q)) *m X) = pid_mx q *m relu X.
Proof.
move=> qd; have [e ->] : exists e, d = (q + e)%N by exists (d - q)%N; rewrite subnKC.
by rewrite pid_mx_col !mul_col_mx !mul1mx !mul0mx relu_map map_col_mx -!relu_map relu0.
Qed.
Lemma sq_pidl q d N (X : 'M[R]_(q, N)) : (q <= d)%N -> sq ((pid_mx q : 'M_(d, q)) *m X) = sq X.
Proof. by move=> qd; rewrite !sqE dot_mul tr_pid_mx mulmxA pid_pid // mul1mx. Qed.
Lemma sq_pidr q d N (X : 'M[R]_(N, q)) : (q <= d)%N -> sq (X *m (pid_mx q : 'M_(q, d))) = sq X.
Proof. by move=> qd; rewrite -sq_tr trmx_mul tr_pid_mx sq_pidl // sq_tr. Qed.
End Pad.

Section Wider.
Variables (R : rcfType) (K L n : nat) (e d : nat -> nat).
Hypotheses (L0 : (0 < L)%N) (ed : forall l, (l < L)%N -> (e l <= d l)%N).

Definition wider (th : weights R K L n e) : weights R K L n d :=
  Weights (pid_mx (e 0%N) *m H1 th) (fun l => pid_mx (e l.+1) *m hidden th l *m pid_mx (e l))
    (WL th *m pid_mx (e L.-1)).

Lemma wider_feature th l : (l < L)%N ->
  feature (hidden (wider th)) (H1 (wider th)) l = pid_mx (e l) *m feature (hidden th) (H1 th) l.
Proof.
elim: l => //= l IH lL; rewrite IH ?(ltnW lL) // -!mulmxA [pid_mx (e l) *m (_ *m _)]mulmxA pid_pid ?mul1mx.
  by rewrite relu_pidl ?ed.
by rewrite ed // ltnW.
Qed.
Lemma wider_output th : output (wider th) = output th.
Proof.
have LL : (L.-1 < L)%N by case: L L0.
by rewrite /output wider_feature // -!mulmxA [pid_mx _ *m (_ *m _)]mulmxA pid_pid ?ed // mul1mx.
Qed.
Lemma wider_sq th : [/\ sqnorm (H1 (wider th)) = sqnorm (H1 th),
  forall l, (l < L.-1)%N -> sqnorm (hidden (wider th) l) = sqnorm (hidden th l) & sqnorm (WL (wider th)) = sqnorm (WL th)].
Proof.
have LL : (L.-1 < L)%N by case: L L0.
split=> [|l lL|]; rewrite /= ?sq_pidr ?sq_pidl ?ed //; first by rewrite (leq_ltn_trans lL).
by rewrite (leq_trans lL) // leq_pred.
Qed.
Lemma wider_loss lam th : loss lam (wider th) = loss lam th.
Proof.
have [hH hW hL] := wider_sq th; rewrite /loss wider_output hH hL; congr (_ + _ + _ + _).
by apply: eq_bigr => l _; rewrite hW.
Qed.
End Wider.
