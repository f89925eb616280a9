(* Certificates of kind "head": what is checked, and that it suffices for every depth and every larger K. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Better Head Integer Factors.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

(* K, least depth, and A (q x r), B (r x K), W (m x q), U (K x m) *)
Record head := Head { hK : nat; hL : nat; hA : layer; hB : layer; hW : layer; hU : layer }.
Definition head_width (c : head) : nat := maxn (size (hA c).2) (maxn (size (hB c).2) (size (hW c).2)).

Definition check_head (c : head) : bool :=
  let: Head K L (dA, A) (dB, B) (dW, W) (dU, U) := c in
  let q := size A in
  let V := zmul A (zcolumns K B) in
  let den := Z.mul (Z.mul dU dW) (Z.mul dA dB) in
  [&& [&& (0 < K)%N, (q <= K)%N & (2 < L)%N], [&& Z.ltb 0 dA, Z.ltb 0 dB, Z.ltb 0 dW & Z.ltb 0 dU],
      [&& shape q (size B) A, shape (size B) K B, shape (size W) q W & shape K (size W) U],
      all (all (Z.leb 0)) V, all (all (fun y => y == Z0)) (zless K (zmul U (zrelu (zmul W V))) den) &
      Z.ltb (Z.mul (Z.mul (Z.mul (Z.mul (zsq A) (zsq B)) (zsq W)) (zsq U)) (zpow (Z.of_nat q) (L - 3)))
            (Z.mul (zpow (Z.of_nat K) L.+1) (Z.mul den den))].

Local Open Scope ring_scope.

Lemma shapeP m n A : shape m n A -> (size A <= m)%N /\ all (fun r => size r <= n)%N A.
Proof. by case/andP => /eqP -> /allP h; split=> //; apply/allP => r /h /eqP ->. Qed.
Lemma neck_ge0 (R : rcfType) m n C : all (all (Z.leb 0)) C -> relu (mxc R m n C) = mxc R m n C.
Proof.
move=> /allP h; apply: relu_ge0 => i j; rewrite mxE /entry.
have [jC|jC] := ltnP j (size C); last by rewrite [nth [::] C j]nth_default // nth_nil.
have /allP h2 := h _ (mem_nth [::] jC).
have [iC|iC] := ltnP i (size (nth [::] C j)); last by rewrite nth_default.
by rewrite -(zR0 R); apply: zR_le; apply: h2; apply: mem_nth.
Qed.

Theorem check_head_sound (c : head) : check_head c ->
  forall K L, (hK c <= K)%N -> (hL c <= L)%N -> low_rank_wins K L (head_width c + (K - hK c)).
Proof.
case: c => K0 L0 [dA A] [dB B] [dW W] [dU U].
case/and5P => /and3P [K0p qK L03] /and4P [dAp dBp dWp dUp] /and4P [shA shB shW shU] Vp /andP [head small] K L /= KK LL.
apply: unit_wins => //; first by apply: leq_trans LL; apply: ltnW.
move=> R; move: (zR_lt R dAp) (zR_lt R dBp) (zR_lt R dWp) (zR_lt R dUp) (zR_lt R small).
have [rA cA] := shapeP shA; have [rB cB] := shapeP shB; have [rW cW] := shapeP shW; have [rU cU] := shapeP shU.
rewrite !(zRM, zR_pow, zR_nat, zR0) -(mx_sq R rA cA) -(mx_sq R rB cB) -(mx_sq R rW cW) -(mx_sq R rU cU).
set q := size A in qK shA shW rA cA rW cW *; set r := size B in shA shB rB cB cA *; set m := size W in shW shU rW cW cU *.
set a := zR R dA; set b := zR R dB; set w := zR R dW; set u := zR R dU => ap bp wp up {}small.
pose AR := a^-1 *: mx R q r A; pose BR := b^-1 *: mx R r K0 B.
pose WR := w^-1 *: mx R m q W; pose UR := u^-1 *: mx R K0 m U.
pose V := zmul A (zcolumns K0 B).
have AB : AR *m BR = (a^-1 * b^-1) *: mxc R q K0 V.
  by rewrite -scalemxAl -scalemxAr scalerA /V (@mxc_mul R q r K0) // mxc_columns.
have ab : 0 <= a^-1 * b^-1 by rewrite mulr_ge0 ?invr_ge0 ?ltW.
have neckR : relu (AR *m BR) = AR *m BR by rewrite AB reluZ // neck_ge0.
have headR : UR *m relu (WR *m (AR *m BR)) = 1%:M.
  have -> : WR *m (AR *m BR) = (w^-1 * (a^-1 * b^-1)) *: mxc R m K0 (zmul W V).
    by rewrite AB -scalemxAl -scalemxAr scalerA (@mxc_mul R m q K0).
  rewrite reluZ ?mulr_ge0 ?invr_ge0 ?(ltW wp) ?(ltW ap) ?(ltW bp) // -mxc_relu -scalemxAl -scalemxAr scalerA.
  rewrite -(@mxc_mul R K0 m K0) // (zless_0 R head) !zRM -/a -/b -/w -/u -scalemx1 scalerA -[RHS]scale1r; congr (_ *: _).
  by field; rewrite !gt_eqF.
have costR : sqnorm AR * sqnorm BR * sqnorm WR * sqnorm UR * q%:R ^+ (L0 - 3) < K0%:R ^+ L0.+1.
  rewrite !sqZ; set sA := sqnorm (mx _ _ _ A) in small *; set sB := sqnorm (mx _ _ _ B) in small *.
  set sW := sqnorm (mx _ _ _ W) in small *; set sU := sqnorm (mx _ _ _ U) in small *.
  set qq := q%:R ^+ _ in small *; set den := u * w * (a * b) * _ in small *.
  have denp : 0 < den by rewrite /den !mulr_gt0.
  rewrite -ltr_pdivr_mulr // in small; apply: le_lt_trans small; apply: eqW.
  by rewrite /den; field; rewrite !gt_eqF.
apply: (head_depth K0p qK L03 neckR headR costR LL).
- exact: leq_maxl.
- by rewrite (leq_trans (leq_maxl r m)) // leq_maxr.
- by rewrite (leq_trans (leq_maxr r m)) // leq_maxr.
Qed.
