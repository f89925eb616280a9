(* One layer: no weights are better than the best collapsed ones. Given any weights, some of the same squared norms, or
   smaller, have the output t Y, t the mean diagonal, and a fit no larger. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better LowerBound AllWeights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma scalar8 (R : rcfType) (n t a k : R) : a != 0 -> k != 0 -> n * (t ^+ 2 / (a / k) * k) * a = n * k ^+ 2 * t ^+ 2.
Proof. by move=> a0 k0; field; rewrite a0 k0. Qed.

Section OneLayer.
Variables (R : rcfType) (K n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K 1 n d).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (Kd : (K <= d 0)%N) (lamp : forall l, (l <= 1)%N -> 0 < lam l).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).

Theorem one_layer : exists (t : R) (th' : weights R K 1 n d), output th' = t%:M *m Y /\ loss lam th' <= loss lam th.
Proof.
have Kr : 0 < K%:R :> R by rewrite ltr0n.
have nr : 0 < n%:R :> R by rewrite ltr0n.
have l0 : 0 < lam 0%N by apply: lamp.
have l1 : 0 < lam 1%N by apply: lamp.
have hF := fit_bound_all Kp n0 th; set t := scale th in hF.
have [tp|t0] := ltrP 0 t; last first.
  exists 0, zero_weights; split; first by rewrite /output /= mul0mx raddf0 mul0mx.
  rewrite loss_zero //; apply: le_trans (fit_le_loss lamp _); apply: le_trans hF.
  rewrite ler_pmul2r ?invr_gt0 ?ltr0n // -[X in X <= _](expr1n _ 2) ler_expn2r ?nnegrE ?ler01 //.
    by rewrite subr_ge0 (le_trans t0) ?ler01.
  by rewrite ler_addl oppr_ge0.
have := product_bound_all Kp n0 th; rewrite big_ord0 mulr1 -/t; set a0 := sq (H1 th); set a1 := sq (WL th) => hp.
have h0 : 0 < n%:R * K%:R ^+ 2 * t ^+ 2 by apply: mulr_gt0; [apply: mulr_gt0 => // |]; apply: exprn_gt0.
have a1p : 0 < a1.
  rewrite lt_def sq_ge0 andbT; apply/eqP => E.
  by move: (lt_le_trans h0 hp); rewrite E mulr0 ltxx.
pose u := Num.sqrt (a1 / K%:R); have usq : u ^+ 2 = a1 / K%:R by rewrite sqr_sqrtr // divr_ge0 // ltW.
have up : 0 < u by rewrite sqrtr_gt0 divr_gt0.
pose th' : weights R K 1 n d := Weights ((t / u) *: pid_mx K *m Y) (fun=> 0) (u *: pid_mx K).
have out : output th' = t%:M *m Y.
  rewrite /output /= mulmxA -scalemxAl -scalemxAr scalerA mul_pid_mx minnn (minn_idPr Kd) pid_mx_1.
  by rewrite mulrC divfK ?gt_eqF // scalemx1.
have hf : fit th' = (1 - t) ^+ 2 / 2.
  by rewrite /fit out -{2}[Y]mul1mx -mulmxBl sqY -raddfB /= -scalemx1 sqZ sq1 natrM scalar6 ?gt_eqF.
exists t, th'; split=> //; rewrite !lossE !big_ord0 !addr0; apply: ler_add.
  apply: ler_add.
    by rewrite hf.
  rewrite ler_pmul2l ?divr_gt0 ?ltr0n // /th' /= sqY sqZ sq_pid // expr_div_n usq -/a0.
  rewrite -(ler_pmul2r a1p); apply: le_trans hp; apply: eqW.
  by apply: scalar8; rewrite gt_eqF.
by rewrite /th' /= sqZ sq_pid // usq divfK ?gt_eqF.
Qed.
End OneLayer.
