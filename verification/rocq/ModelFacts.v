(* The model is that of the papers, and the theorems are not empty: DNC as SML24 words it (DNC1: no variability within a
   class; DNC2: orthogonal class means of one length), and DNC configurations better than zero weights at every size. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Structure Better.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Words.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (th : weights R K L n d).
Notation Y := (@Y R K n).

(* the class of a column, and the target: one at the row of that class *)
Lemma target_entry k (j : 'I_(K * n)) : Y k j = (k == class j)%:R.
Proof. by rewrite mxE -val_eqE /= eq_sym. Qed.

Definition class_means l : 'M[R]_(d l, K) := n%:R^-1 *: (feature (hidden th) (H1 th) l *m Y^T).
Definition DNC1 := forall l, (1 <= l <= L.-1)%N -> forall i (j j' : 'I_(K * n)), class j = class j' ->
  feature (hidden th) (H1 th) l i j = feature (hidden th) (H1 th) l i j'.
Definition DNC2 := forall l, (1 <= l <= L.-1)%N -> exists c : R, (class_means l)^T *m class_means l = c%:M.

Lemma is_dncE : (0 < n)%N -> is_dnc th <-> DNC1 /\ DNC2.
Proof.
move=> n0; have nr : n%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
have meansE l (M : 'M[R]_(d l, K)) : feature (hidden th) (H1 th) l = M *m Y -> class_means l = M.
  by rewrite /class_means => ->; rewrite -mulmxA mulYYT mul_mx_scalar scalerA mulVf ?scale1r.
split=> [dnc|[d1 d2] l lL].
  split=> l lL; have [M [c [hF hM]]] := dnc l lL; last by exists c; rewrite (meansE _ _ hF).
  by move=> i j j' E; rewrite hF !mulY E.
have first (k : 'I_K) : (k * n < K * n)%N by rewrite ltn_mul2r n0 ltn_ord.
pose M : 'M[R]_(d l, K) := \matrix_(i, k) feature (hidden th) (H1 th) l i (Ordinal (first k)).
have hF : feature (hidden th) (H1 th) l = M *m Y.
  apply/matrixP => i j; rewrite mulY mxE; apply: d1 => //; apply: val_inj; rewrite /= mulnK //.
have [c hc] := d2 l lL; exists M, c; split=> //; by rewrite -(meansE _ _ hF).
Qed.

(* the pre-factor: a mean over the K n samples of half the squared distance to the target *)
Lemma fit_samples : (2 * (K * n)%:R)^-1 * sqnorm (output th - Y) =
  (K * n)%:R^-1 * \sum_j (\sum_k (output th k j - (k == class j)%:R) ^+ 2) / 2.
Proof.
rewrite invfM [2^-1 * _]mulrC -mulrA; congr (_ * _); rewrite /sqnorm exchange_big mulr_sumr; apply: eq_bigr => j _.
by rewrite mulrC; congr (_ / _); apply: eq_bigr => k _; rewrite -target_entry !mxE.
Qed.
End Words.

Section NotEmpty.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N).
Hypotheses (Kd : forall l, (l < L)%N -> (K <= d l)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l).
Notation sq := (@sqnorm R _ _).
Definition collapsed : weights R K L n d := Weights (pid_mx K *m Y R K n) (fun=> pid_mx K) (pid_mx K).

Lemma collapsed_feature l : (l < L)%N -> feature (hidden collapsed) (H1 collapsed) l = pid_mx K *m Y R K n.
Proof.
elim: l => //= l IH lL; rewrite IH ?(ltnW lL) // mulmxA mul_pid_mx minnn (minn_idPr _) ?Kd ?(ltnW lL) //.
by rewrite relu_mulY relu_pid.
Qed.
Lemma collapsed_dnc : is_dnc collapsed.
Proof.
move=> l /andP [l1 lL]; have lL' : (l < L)%N by case: L L0 lL.
exists (pid_mx K), 1; split; first exact: collapsed_feature.
by rewrite tr_pid_mx mul_pid_mx minnn (minn_idPr (Kd lL')) pid_mx_1.
Qed.
Lemma collapsed_output : output collapsed = Y R K n.
Proof.
have LL : (L.-1 < L)%N by case: L L0.
by rewrite /output collapsed_feature // mulmxA mul_pid_mx minnn (minn_idPr (Kd LL)) pid_mx_1 mul1mx.
Qed.
(* whatever the ratios of the strengths: weak enough, DNC is better than zero weights *)
Theorem dnc_below_zero_weights : exists2 eps : R, 0 < eps &
  is_dnc collapsed /\ loss (fun l => eps * lam l) collapsed < loss (fun l => eps * lam l) (zero_weights : weights R K L n d).
Proof.
pose C := lam 0%N / 2 * sq (H1 collapsed) + \sum_(l < L.-1) lam l.+1 / 2 * sq (hidden collapsed l) + lam L / 2 * sq (WL collapsed).
have half l : (l <= L)%N -> 0 <= lam l / 2 by move=> lL; rewrite divr_ge0 ?ler0n // ltW ?lamp.
have C0 : 0 <= C.
  have mono l x : (l <= L)%N -> 0 <= x -> 0 <= lam l / 2 * x by move=> lL x0; rewrite mulr_ge0 ?half.
  apply: addr_ge0; last by rewrite mono ?sq_ge0.
  apply: addr_ge0; first by rewrite mono ?sq_ge0.
  apply: sumr_ge0 => l _; rewrite mono ?sq_ge0 //.
  by rewrite (leq_trans (ltn_ord l)) // leq_pred.
have E eps : loss (fun l => eps * lam l) collapsed = eps * C.
  rewrite lossE /Pointwise.fit collapsed_output subrr sq0 mulr0 add0r /C !mulrDr [X in _ = _ + X + _]mulr_sumr !mulrA; congr (_ + _ + _).
  by apply: eq_bigr => l _; rewrite !mulrA.
have C2 : 0 < 2 * (C + 1) by apply: mulr_gt0; rewrite ?ltr0n //; apply: lt_le_trans ltr01 _; rewrite ler_addr.
exists (2 * (C + 1))^-1; first by rewrite invr_gt0.
split; first exact: collapsed_dnc; rewrite E loss_zero // mulrC ltr_pdivr_mulr // mulrA mul1r mulVf ?pnatr_eq0 //.
by rewrite mul1r ltr_addl ltr01.
Qed.
End NotEmpty.
