(* Collapse under a margin loss is at least as dear as an output with all margins alpha at the cost n e^L (K - 1) alpha^2,
   e = K for DNC and K - 1 for NC2 alone; weights with margins of at least 1 whose squared norms multiply to less than
   n K^L (K - 1) are below DNC: their factors take over every |W_l|, and only |H_1| shrinks. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Pointwise Structure Better Balance MarginBound MarginCollapse.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* what is beaten, and what it pays a layer *)
Inductive rival := Dnc | Nc2.
Definition collapsed r R K L n d (th : weights R K L n d) := if r is Dnc then is_broad_dnc th else is_nc2 th.
Definition each r K : nat := if r is Dnc then K else K.-1.

Section Dnc.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R).
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N) (ml : margin_loss ell).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Let K0 : (0 < K)%N. Proof. exact: ltnW. Qed.
Let L0 : (0 < L)%N. Proof. exact: ltnW. Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.
Let LL : (1 <= L.-1 <= L.-1)%N. Proof. by case: L L2 => [|[|]]//= l _; rewrite leqnn. Qed.

Lemma mean_lossY (Z : 'M[R]_K) : mean_loss ell (Z *m Y) = K%:R^-1 * total ell Z.
Proof.
rewrite /mean_loss (eq_bigr (fun k => n%:R * ell k (col k Z))) => [|k _].
  by rewrite -mulr_sumr natrM invfM mulrA mulfVK ?gt_eqF.
rewrite (eq_bigr (fun=> ell k (col k Z))) => [|j jk]; last first.
  by congr ell; apply/matrixP => i i'; rewrite [LHS]mxE mulY [RHS]mxE; congr (Z _ _); apply: val_inj; apply/eqP.
rewrite big_mkcond (eq_bigr (fun j : 'I_(K * n) => (fun i : nat => (i == k)%:R * ell k (col k Z)) (j %/ n)%N)); last first.
  by move=> j _; case: eqP => _; rewrite ?mul1r ?mul0r.
rewrite (@sum_class R K n (fun i => (i == k)%:R * ell k (col k Z))) (bigD1 k) //= eqxx mul1r big1 ?addr0 // => i ik.
by rewrite val_eqE (negbTE ik) mul0r.
Qed.
Lemma objectiveE lam (th : weights R K L n d) : objective ell lam th = mean_loss ell (output th) + size lam th.
Proof. by rewrite /objective /size !addrA. Qed.
Lemma output_zero : output (zero_weights : weights R K L n d) = 0 *m Y.
Proof. by rewrite /output mul0mx mul0mx. Qed.
Lemma objective_zero lam : objective ell lam (zero_weights : weights R K L n d) = K%:R^-1 * total ell 0.
Proof.
rewrite objectiveE output_zero mean_lossY /size /= !sq0 !mulr0 addr0 add0r big1 ?addr0 // => l _.
by rewrite sq0 mulr0.
Qed.

Variables (lam : nat -> R) (th : weights R K L n d).
Hypothesis lamp : forall l, (l <= L)%N -> 0 < lam l.
Lemma size_ge0 : 0 <= size lam th.
Proof.
have mono l x : (l <= L)%N -> 0 <= x -> 0 <= lam l / 2 * x.
  by move=> lL x0; rewrite mulr_ge0 // divr_ge0 ?ler0n // ltW ?lamp.
rewrite /size; apply: addr_ge0; last by rewrite mono ?sq_ge0.
apply: addr_ge0; first by rewrite mono ?sq_ge0.
by apply: sumr_ge0 => l _; rewrite mono ?sq_ge0 // (leq_trans (ltn_ord l)) // leq_pred.
Qed.

Lemma size_gt0 : ~ is_zero th -> 0 < size lam th.
Proof.
move=> nz; rewrite lt_def size_ge0 andbT; apply/eqP => E; apply: nz; move: E; rewrite /size.
have mono l x : (l <= L)%N -> 0 <= x -> 0 <= lam l / 2 * x.
  by move=> lL x0; rewrite mulr_ge0 // divr_ge0 ?ler0n // ltW ?lamp.
have half l x : (l <= L)%N -> lam l / 2 * x = 0 -> x = 0.
  by move=> lL /eqP; rewrite mulf_eq0 gt_eqF ?divr_gt0 ?ltr0n ?lamp //= => /eqP.
have lL (l : 'I_L.-1) : (l.+1 <= L)%N by rewrite (leq_trans (ltn_ord l)) // leq_pred.
have S0 : 0 <= \sum_(l < L.-1) lam l.+1 / 2 * sq (hidden th l) by apply: sumr_ge0 => l _; rewrite mono ?sq_ge0.
move/eqP; rewrite paddr_eq0 ?addr_ge0 ?mono ?sq_ge0 // paddr_eq0 ?mono ?sq_ge0 // => /andP [/andP [/eqP hH]].
rewrite psumr_eq0 => [/allP hW /eqP hL|l _]; last by rewrite mono ?sq_ge0.
split=> [|l l1|]; apply: sq_eq0; [exact: half hH | | exact: half hL].
by have := hW (Ordinal l1) (mem_index_enum _) => /eqP /half -> //; apply: (lL (Ordinal l1)).
Qed.

(* the mean margin of the class means of the outputs *)
Definition class_margin : R := mean_margin (WL th *m (n%:R^-1 *: (feature (hidden th) (H1 th) L.-1 *m Y^T))).
Theorem collapse_margin_bound r : collapsed r th ->
  K%:R^-1 * total ell class_margin%:M <= mean_loss ell (output th) /\
  n%:R * ((each r K)%:R ^+ L * (K%:R - 1)) * class_margin ^+ 2 <=
    sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
rewrite /class_margin; set Z := WL th *m _ => col.
have out : feature (hidden th) (H1 th) L.-1 = n%:R^-1 *: (feature (hidden th) (H1 th) L.-1 *m Y^T) *m Y.
  by case: r col => col; [have [] := broad_facts K2 n0 col LL | have [] := nc2_facts K2 n0 col LL].
split; first by rewrite /output out mulmxA -/Z mean_lossY ler_pmul2l ?invr_gt0 // total_symmetric.
case: r col => /= col; first exact: broad_pays.
have -> : K.-1%:R = K%:R - 1 :> R by rewrite -subn1 natrB.
exact: nc2_pays.
Qed.

(* where the margins that it pays for are not positive, collapse loses to zero weights *)
Lemma zero_beats alpha : alpha <= 0 -> K%:R^-1 * total ell alpha%:M <= mean_loss ell (output th) -> ~ is_zero th ->
  objective ell lam (zero_weights : weights R K L n d) < objective ell lam th.
Proof.
move=> a0 h nz; rewrite objective_zero objectiveE; apply: le_lt_trans (_ : mean_loss ell (output th) < _).
  apply: le_trans h; rewrite ler_pmul2l ?invr_gt0 //; apply: total_margins => // k j.
  rewrite !mxE eqxx subrr; have [_|_] := eqVneq j k; first by rewrite subrr.
  by rewrite mulr0n subr0.
by rewrite ltr_addl size_gt0.
Qed.
(* and otherwise no factor of it is zero *)
Lemma factors_gt0 r alpha : 0 < alpha ->
  n%:R * ((each r K)%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <= sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th) ->
  [/\ 0 < sq (H1 th), forall l, (l < L.-1)%N -> 0 < sq (hidden th l) & 0 < sq (WL th)].
Proof.
move=> ap h; have ep : 0 < (each r K)%:R :> R by rewrite ltr0n; case: r {h}; rewrite //= -subn1 subn_gt0.
have {}h := lt_le_trans (_ : 0 < _) h; have {h} h := h (mulr_gt0 (mulr_gt0 np (mulr_gt0 (exprn_gt0 L ep) K1p)) (exprn_gt0 2 ap)).
have pos m k (A : 'M[R]_(m, k)) : sq A != 0 -> 0 < sq A by move=> An; rewrite lt_def An sq_ge0.
split=> [|l lL|]; apply: pos; apply: contraTneq h => E; rewrite ?E ?mul0r ?mulr0 ?ltxx //.
by rewrite (bigD1 (Ordinal lL)) //= E !(mul0r, mulr0) ltxx.
Qed.

Variable th0 : weights R K L n d.
Variable O : 'M[R]_K.
Hypotheses (out0 : output th0 = O *m Y) (margins : forall k j, j != k -> 1 <= O k k - O j k).
Hypothesis cheap : sq (H1 th0) * \prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0) < n%:R * (K%:R ^+ L * (K%:R - 1)).

Lemma margins_output : output th0 != 0.
Proof.
apply/negP => /eqP E; pose k := Ordinal K0; pose j := Ordinal K2.
have Z0 : O = 0.
  have := congr1 (fun A => A *m Y^T) out0; rewrite E mul0mx -mulmxA mulYYT mul_mx_scalar => /esym/eqP.
  by rewrite scaler_eq0 gt_eqF //= => /eqP.
have := margins (k := k) (j := j) isT; rewrite Z0 !mxE subr0 leNgt ltr01 //.
Qed.

Theorem margins_beat_dnc : is_broad_dnc th -> ~ is_zero th ->
  exists th' : weights R K L n d, objective ell lam th' < objective ell lam th.
Proof.
move=> /(@collapse_margin_bound Dnc) [fit bound] nz; set alpha := class_margin in fit bound.
case: (lerP alpha 0) => [a0|ap]; first by exists zero_weights; apply: zero_beats fit nz.
have [aH aW aV] := @factors_gt0 Dnc alpha ap bound; have [bH bW bV] := output_pos margins_output.
pose r l := Num.sqrt (sq (hidden th l) / sq (hidden th0 l)); pose rL := Num.sqrt (sq (WL th) / sq (WL th0)).
pose P := (\prod_(l < L.-1) r l) * rL.
have rp l : (l < L.-1)%N -> 0 < r l by move=> lL; rewrite sqrtr_gt0 divr_gt0 ?aW ?bW.
have rLp : 0 < rL by rewrite sqrtr_gt0 divr_gt0.
have Pp : 0 < P by rewrite mulr_gt0 // prodr_gt0 // => l _; apply: rp.
pose mu l := if l == 0%N then alpha / P else if l == L then rL else r l.-1.
have muL : mu L = rL by rewrite /mu eqxx; case: L L0.
have muS l : (l < L.-1)%N -> mu l.+1 = r l.
  by move=> lL; rewrite /mu /= ltn_eqF //; case: L L0 lL.
have mu0 l : 0 <= mu l.
  by rewrite /mu; case: eqP => _; [|case: eqP => _]; rewrite ?sqrtr_ge0 // divr_ge0 // ltW.
have muP : \prod_(l < L.+1) mu l = alpha.
  rewrite prod_ends // muL (eq_bigr (fun l : 'I_L.-1 => r l)) => [|l _]; last exact: muS.
  by rewrite -mulrA -/P /mu /= divfK ?gt_eqF.
exists (rescale mu th0); rewrite !objectiveE; apply: ler_lt_add.
  apply: le_trans fit; rewrite rescale_output // muP out0 scalemxAl mean_lossY ler_pmul2l ?invr_gt0 //.
  apply: total_margins => // k j; rewrite !mxE eqxx; have [->|jk] := eqVneq j k; first by rewrite !subrr.
  by rewrite mulr0n subr0 -mulrBr -[X in X <= _]mulr1 ler_pmul2l ?margins.
have P2 : P ^+ 2 * (\prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0)) = \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
  rewrite exprMn sqr_sqrtr ?divr_ge0 ?sq_ge0 // -prodrXl mulrACA divfK ?gt_eqF //; congr (_ * _).
  rewrite -big_split; apply: eq_bigr => l _; rewrite /= sqr_sqrtr ?divr_ge0 ?sq_ge0 // divfK ?gt_eqF ?bW //.
rewrite /size /= !sqZ muL sqr_sqrtr ?divr_ge0 ?sq_ge0 // divfK ?gt_eqF // ltr_add2r.
rewrite (eq_bigr (fun l : 'I_L.-1 => lam l.+1 / 2 * sq (hidden th l))) => [|l _]; last first.
  by rewrite sqZ muS // sqr_sqrtr ?divr_ge0 ?sq_ge0 // divfK ?gt_eqF ?bW.
rewrite ltr_add2r ltr_pmul2l ?divr_gt0 ?ltr0n ?lamp //.
have PBp : 0 < \prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0) by rewrite mulr_gt0 // prodr_gt0 // => l _; apply: bW.
have ch : alpha ^+ 2 * (sq (H1 th0) * (\prod_(l < L.-1) sq (hidden th0 l) * sq (WL th0))) <
    alpha ^+ 2 * (n%:R * (K%:R ^+ L * (K%:R - 1))) by rewrite ltr_pmul2l ?exprn_gt0 // mulrA.
have bd := bound; rewrite -[X in _ <= X]mulrA -P2 mulrC in bd; have {ch bd} ch := lt_le_trans ch bd.
have -> : mu 0%N = alpha / P by [].
rewrite expr_div_n mulrAC ltr_pdivr_mulr ?exprn_gt0 // -(ltr_pmul2r PBp).
by apply: le_lt_trans (lt_le_trans ch _); rewrite mulrA.
Qed.
End Dnc.
