(* The strongly regular graph solution of SML24, for every r >= 4: classes are the pairs of r vertices, the features of a
   class are the indicator of its pair, and the read-out neuron of a pair has 1/2 on it and -1/2 off it. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Structure Better Head.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Srg.
Variables (R : rcfType) (r : nat).
Hypothesis r4 : (4 <= r)%N.
Notation sq := (@sqnorm R _ _).
Definition pairs : {set {set 'I_r}} := [set e : {set 'I_r} | #|e| == 2%N].
Notation K := #|pairs|.
Definition pair (k : 'I_K) : {set 'I_r} := enum_val k.

Lemma pair2 k : #|pair k| = 2%N.
Proof. by have := enum_valP k; rewrite inE => /eqP. Qed.
Lemma card_pairs : K = 'C(r, 2).
Proof. by rewrite /pairs card_draws card_ord. Qed.

Lemma count (A : {set 'I_r}) : \sum_v (v \in A)%:R = #|A|%:R :> R.
Proof. by rewrite -sum1_card natr_sum [RHS]big_mkcond /=; apply: eq_bigr => v _; case: (v \in A). Qed.

Definition srg_B : 'M[R]_(r, K) := \matrix_(v, k) (v \in pair k)%:R.
Definition srg_W : 'M[R]_(K, r) := \matrix_(k, v) (if v \in pair k then 2^-1 else - 2^-1).

Lemma srg_WB : srg_W *m srg_B = \matrix_(k, l) (#|pair k :&: pair l|%:R - 1).
Proof.
apply/matrixP => k l; rewrite !mxE.
rewrite (eq_bigr (fun v => (v \in pair k :&: pair l)%:R - 2^-1 * (v \in pair l)%:R)) => [|v _]; last first.
  by rewrite !mxE in_setI; case: (v \in pair k); case: (v \in pair l) => /=; rewrite ?mulr0 ?mulr1 ?subr0 ?sub0r //; field.
by rewrite sumrB -mulr_sumr !count pair2 mulVf ?pnatr_eq0.
Qed.

Lemma srg_relu : relu (srg_W *m srg_B) = 1%:M.
Proof.
rewrite srg_WB; apply/matrixP => k l; rewrite !mxE.
have [->|kl] := eqVneq k l; first by rewrite setIid pair2 mulr2n addrK max_r // ler01.
rewrite max_l //= subr_le0 -[X in _ <= X]/(1%:R) ler_nat -ltnS -(pair2 k).
have : pair k :&: pair l \proper pair k; last by move/proper_card.
rewrite properEneq subsetIl andbT; apply: contra_neq kl => E.
have sub : pair k \subset pair l by rewrite -E subsetIr.
by apply: enum_val_inj; apply/eqP; rewrite eqEcard sub -/(pair k) -/(pair l) !pair2.
Qed.

Lemma sq_srg_B : sq srg_B = K%:R * 2.
Proof.
rewrite /sqnorm exchange_big /= (eq_bigr (fun=> 2)) => [|k _]; first by rewrite sumr_const card_ord -mulr_natl.
rewrite (eq_bigr (fun v => (v \in pair k)%:R)) => [|v _]; last by rewrite mxE; case: (v \in _); rewrite ?expr1n ?expr0n.
by rewrite count pair2.
Qed.
Lemma sq_srg_W : sq srg_W = K%:R * r%:R / 4.
Proof.
rewrite /sqnorm (eq_bigr (fun=> r%:R / 4)) => [|k _].
  by rewrite sumr_const card_ord -mulr_natl mulrA.
rewrite (eq_bigr (fun=> 4^-1)) => [|v _]; first by rewrite sumr_const card_ord -[4^-1 *+ _]mulr_natl.
by rewrite mxE; case: ifP => _; field.
Qed.

Lemma K_r : (2 * K = r * r.-1)%N.
Proof. by rewrite card_pairs -mul_bin_diag bin1. Qed.

Theorem srg_unit (L d : nat) : (4 <= L)%N -> (r <= d)%N -> (K <= d)%N ->
  exists (X : 'M[R]_(d, K)) (W : nat -> 'M_d) V,
    unit_structure (L := L) (d := fun=> d) X W V /\ cost (L := L) (d := fun=> d) X W V < K%:R ^+ L.+1.
Proof.
move=> L4 rd Kd; have Kr := K_r; have r1 : (0 < r.-1)%N by case: r r4 => [|[]].
have rK : (r <= K)%N by rewrite -(leq_pmul2l (ltn0Sn 1)) Kr mulnC leq_pmul2l ?(leq_trans _ r4) //; case: r r4 => [|[|[|]]].
have Kp : (0 < K)%N by apply: leq_trans rK; apply: leq_trans r4.
apply: (@head_depth R K r r K srg_B 1%:M srg_W 1%:M 4) => //; rewrite ?mul1mx ?srg_relu //.
  by rewrite relu_ge0 // => i j; rewrite mxE ler0n.
rewrite !sq1 sq_srg_B sq_srg_W subSn // subnn expr1.
have -> : r%:R * (K%:R * 2) * (K%:R * r%:R / 4) * K%:R * r%:R = (r ^ 3 * K ^ 3)%:R / 2 :> R.
  by rewrite natrM !natrX; field.
rewrite ltr_pdivr_mulr ?ltr0n // -natrX -natrM ltr_nat.
suff h : (r ^ 3 < K ^ 2 * 2)%N by rewrite [X in (_ < X * 2)%N](expnD K 3 2) mulnC -mulnA ltn_pmul2l ?expn_gt0 ?Kp.
(* 2 r < (r - 1)^2 *)
have small : (r * 2 < r.-1 ^ 2)%N.
  have -> : r = (r - 4 + 4)%N by rewrite subnK.
  move: (r - 4)%N => m; have -> : (m + 4).-1 = (m + 3)%N by rewrite addnS.
  rewrite sqrnD mulnDl -addnA -addnS; apply: leq_trans (leq_addl _ _).
  by rewrite addnC; apply: leq_add => //; rewrite mulnCA leq_mul2l orbT.
have E : (2 * (K ^ 2 * 2) = r ^ 2 * r.-1 ^ 2)%N by rewrite mulnC -mulnA -[(2 * 2)%N]/(2 ^ 2)%N -expnMn mulnC Kr expnMn.
rewrite -(ltn_pmul2l (ltn0Sn 1)) E mulnC expnSr -mulnA ltn_pmul2l // expn_gt0.
by rewrite (leq_trans _ r4).
Qed.
End Srg.
