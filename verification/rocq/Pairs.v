(* The pair bound: all weights for K >= 2 classes against two. Two of the classes and the weights restricted to them are a
   problem for two classes; a diagonal entry of the error lies in more of the pairs than one off it, a column of H_1 and a
   row of W_L in 2 (K - 1) of K (K - 1). So with the strengths of H_1 and W_L times K / 2 the mean over the pairs is no more
   than the loss, and each is at least DNC's for two classes (TwoClasses.v). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Pointwise Structure Better LowerBound AllWeights Balance Threshold Samples Best TwoClasses.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Pick.
Variables (R : rcfType) (K : nat) (i j : 'I_K).
Notation sq := (@sqnorm R _ _).
Definition which (z : 'I_2) : 'I_K := if val z == 0%N then i else j.
Definition two : 'M[R]_(K, 2) := \matrix_(k, z) (k == which z)%:R.
Lemma mul_two m (A : 'M[R]_(m, K)) a z : (A *m two) a z = A a (which z).
Proof.
rewrite mxE (bigD1 (which z)) //= mxE eqxx mulr1 big1 ?addr0 // => k /negbTE h.
by rewrite mxE h mulr0.
Qed.
Lemma two_mul m (A : 'M[R]_(K, m)) a z : (two^T *m A) a z = A (which a) z.
Proof.
rewrite mxE (bigD1 (which a)) //= !mxE eqxx mul1r big1 ?addr0 // => k /negbTE h.
by rewrite !mxE h mul0r.
Qed.
Lemma relu_two m (A : 'M[R]_(m, K)) : relu (A *m two) = relu A *m two.
Proof. by apply/matrixP => a z; rewrite mul_two ![relu _ _ _]mxE mul_two. Qed.
Lemma feature_two (d : nat -> nat) (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M_(d 0%N, K)) l :
  feature W (X *m two) l = feature W X l *m two.
Proof. by elim: l => //= l ->; rewrite mulmxA relu_two. Qed.
Definition column_sq m (A : 'M[R]_(m, K)) k := \sum_a A a k ^+ 2.
Definition row_sq m (A : 'M[R]_(K, m)) k := \sum_a A k a ^+ 2.
Lemma sum_two (f : 'I_K -> R) : \sum_z f (which z) = f i + f j.
Proof. by rewrite !big_ord_recl big_ord0 addr0. Qed.
Lemma sq_mul_two m (A : 'M[R]_(m, K)) : sq (A *m two) = column_sq A i + column_sq A j.
Proof.
rewrite -(sum_two (column_sq A)) /sqnorm exchange_big; apply: eq_bigr => z _.
by apply: eq_bigr => a _; rewrite mul_two.
Qed.
Lemma sq_two_mul m (A : 'M[R]_(K, m)) : sq (two^T *m A) = row_sq A i + row_sq A j.
Proof.
rewrite -(sum_two (row_sq A)) /sqnorm; apply: eq_bigr => z _.
by apply: eq_bigr => a _; rewrite two_mul.
Qed.
Lemma sq_error (E : 'M[R]_K) : i != j ->
  sq (two^T *m E *m two - 1%:M) = let D := E - 1%:M in D i i ^+ 2 + D i j ^+ 2 + (D j i ^+ 2 + D j j ^+ 2).
Proof.
move=> ij /=; have entry z w : (two^T *m E *m two - 1%:M) z w = (E - 1%:M) (which z) (which w).
  rewrite [LHS]mxE mul_two two_mul [RHS]mxE; congr (_ + _); rewrite !mxE; congr (- _%:R).
  case: z w => [[|[|z]] hz] [[|[|w]] hw] //=; rewrite /which /= -!val_eqE /= ?eqxx //.
  - by rewrite val_eqE (negbTE ij).
  - by rewrite val_eqE eq_sym (negbTE ij).
rewrite /sqnorm (eq_bigr (fun z => (fun k => (E - 1%:M) k i ^+ 2 + (E - 1%:M) k j ^+ 2) (which z))) => [|z _].
  exact: (sum_two (fun k => (E - 1%:M) k i ^+ 2 + (E - 1%:M) k j ^+ 2)).
rewrite -(sum_two (fun k => (E - 1%:M) (which z) k ^+ 2)); apply: eq_bigr => w _; by rewrite entry.
Qed.
End Pick.

Lemma sum_apart (R : ringType) K (g : 'I_K -> 'I_K -> R) :
  \sum_i \sum_(j | j != i) g i j = \sum_i \sum_j g i j - \sum_i g i i.
Proof.
rewrite -sumrB; apply: eq_bigr => i _; rewrite [in RHS](bigD1 i) //= addrC addrA [- _ + _]addrC subrr add0r //.
Qed.

Section Pairs.
Variables (R : rcfType) (K M n : nat) (d : nat -> nat) (lam : nat -> R).
Notation L := M.+2.
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l).
Variable y : R.
Hypotheses (y0 : 0 <= y) (yE : y ^+ L.+1 = (2 / K%:R) ^+ M.+1 * x_power K L n lam).
Variables (th : weights R K L n d) (X : 'M[R]_(d 0%N, K)).
Notation sq := (@sqnorm R _ _).
Let Kr : 0 < K%:R :> R. Proof. by rewrite ltr0n ltnW. Qed.

Definition heavier l : R := if (l == 0%N) || (l == L) then K%:R / 2 * lam l else lam l.
Let heavier_gt0 l : (l <= L)%N -> 0 < heavier l.
Proof.
move=> /lamp h; rewrite /heavier; case: ifP => // _; apply: mulr_gt0 => //; apply: divr_gt0 => //; exact: ltr0n.
Qed.
Let middle (l : 'I_M.+1) : heavier l.+1 = lam l.+1.
Proof. by rewrite /heavier /= ifF // eqSS; apply/eqP => E; move: (ltn_ord l); rewrite E ltnn. Qed.
Let heavier_power : y ^+ L.+1 = x_power 2 L n heavier.
Proof.
rewrite yE /x_power !(prod_ends (isT : (0 < L)%N)) /=.
have -> : \prod_(l < M.+1) heavier l.+1 = \prod_(l < M.+1) lam l.+1 by apply: eq_bigr => l _; exact: middle.
rewrite /heavier eqxx /= eqxx expr_div_n.
have -> : K%:R ^+ M.+3 = K%:R ^+ M.+1 * K%:R ^+ 2 :> R by rewrite -exprD addn2.
have -> : 2 ^+ M.+3 = 2 ^+ M.+1 * 2 ^+ 2 :> R by rewrite -exprD addn2.
have := expf_neq0 M.+1 (lt0r_neq0 Kr); move: (K%:R ^+ M.+1) (2 ^+ M.+1) (\prod_(l < _) _) (lam 0%N) (lam _) n%:R => a b e f g h a0.
by field; rewrite a0.
Qed.

Theorem pair_sample (B : R) : (forall s, 0 <= s -> B <= dnc_curve L.+1 y s) -> B <= one_sample lam th X.
Proof.
move=> least; set H := \sum_(l < M.+1) lam l.+1 / 2 * sq (hidden th l).
set E := WL th *m feature (hidden th) X M.+1; pose D := E - 1%:M.
pose a := K%:R * n%:R * lam 0%N / 4; pose b := K%:R * lam L / 4.
pose g (i j : 'I_K) : R := (D i i ^+ 2 + D i j ^+ 2 + (D j i ^+ 2 + D j j ^+ 2)) / 4
  + a * (column_sq X i + column_sq X j) + H + b * (row_sq (WL th) i + row_sq (WL th) j).
have each i j : j != i -> B <= g i j.
  move=> ji; pose th2 : weights R 2 L n d := Weights 0 (hidden th) ((two R i j)^T *m WL th).
  have [s s0 low] := two_sample n0 heavier_gt0 y0 heavier_power th2 (X *m two R i j).
  apply: le_trans (le_trans (least _ s0) low) _; apply: eqW; rewrite /one_sample.
  have -> : \sum_(l < L.-1) heavier l.+1 / 2 * sq (hidden th2 l) = H.
    by apply: eq_bigr => l _; rewrite middle.
  have -> : WL th2 *m feature (hidden th2) (X *m two R i j) L.-1 = (two R i j)^T *m E *m two R i j.
    by rewrite -[feature _ _ _]/(feature (hidden th) (X *m two R i j) M.+1) feature_two /E !mulmxA.
  rewrite sq_error 1?eq_sym // sq_mul_two sq_two_mul /heavier eqxx eqxx orbT /= -/D.
  rewrite /g /a /b; move: (D i i ^+ 2) (D i j ^+ 2) (D j i ^+ 2) (D j j ^+ 2) => p q r t.
  by move: (column_sq X i + _) (row_sq _ i + _) => u v; field.
have sum_const (c : R) : \sum_(i < K) c = K%:R * c by rewrite sumr_const card_ord mulr_natl.
have K1 : 0 < K%:R - 1 :> R by rewrite subr_gt0 ltr1n.
pose p i : R := D i i ^+ 2 / 4 + a * column_sq X i + b * row_sq (WL th) i.
pose T := \sum_i p i; pose Q := sq D; pose G := \sum_i D i i ^+ 2.
have TE : T = G / 4 + a * sq X + b * sq (WL th).
  rewrite /T /p !big_split /= -!mulr_sumr -mulr_suml; congr (_ + a * _ + b * _).
  by rewrite /sqnorm exchange_big.
have GQ : G <= Q.
  apply: ler_sum => i _; rewrite (bigD1 i) //= ler_addl; apply: sumr_ge0 => j _; exact: sqr_ge0.
have all : \sum_i \sum_j g i j = K%:R * T + K%:R * T + Q / 2 + K%:R * (K%:R * H).
  rewrite (eq_bigr (fun i => (K%:R * p i + T) + (\sum_j D i j ^+ 2 / 4 + \sum_j D j i ^+ 2 / 4) + K%:R * H)) => [|i _].
    rewrite !big_split /= !sum_const -mulr_sumr; congr (_ + _ + _ + _).
    have -> : \sum_i \sum_j D j i ^+ 2 / 4 = \sum_i \sum_j D i j ^+ 2 / 4 by exact: exchange_big.
    have -> : \sum_i \sum_j D i j ^+ 2 / 4 = Q / 4.
      by rewrite /Q /sqnorm mulr_suml; apply: eq_bigr => i _; rewrite mulr_suml.
    by field.
  rewrite -sum_const -(sum_const H) /T -!big_split /=; apply: eq_bigr => j _; rewrite /g /p.
  by move: (D i i ^+ 2) (D i j ^+ 2) (D j i ^+ 2) (D j j ^+ 2) (column_sq X i) (column_sq X j) => *; field.
have diagonal : \sum_i g i i = T + T + G / 2 + K%:R * H.
  rewrite -sum_const /T /G mulr_suml -!big_split /=; apply: eq_bigr => i _; rewrite /g /p.
  by move: (D i i ^+ 2) (column_sq X i) => *; field.
have low : \sum_(i < K) \sum_(j < K | j != i) B <= \sum_(i < K) \sum_(j < K | j != i) g i j.
  by apply: ler_sum => i _; apply: ler_sum => j; exact: each.
move: low; rewrite !(sum_apart (fun i j => _)) all diagonal (eq_bigr (fun=> K%:R * B)) => [|i _]; last exact: sum_const.
rewrite !sum_const TE => low.
rewrite -(ler_pmul2l (mulr_gt0 Kr K1)).
have -> : K%:R * (K%:R - 1) * B = K%:R * (K%:R * B) - K%:R * B by ring.
apply: le_trans low _; rewrite /one_sample -/H -/E -/D -/Q /a /b -subr_ge0.
have -> : K%:R * (K%:R - 1) * ((2 * K%:R)^-1 * Q + n%:R * lam 0%N / 2 * sq X + H + lam L / 2 * sq (WL th)) -
  (K%:R * (G / 4 + K%:R * n%:R * lam 0%N / 4 * sq X + K%:R * lam L / 4 * sq (WL th)) +
   K%:R * (G / 4 + K%:R * n%:R * lam 0%N / 4 * sq X + K%:R * lam L / 4 * sq (WL th)) + Q / 2 + K%:R * (K%:R * H) -
   (G / 4 + K%:R * n%:R * lam 0%N / 4 * sq X + K%:R * lam L / 4 * sq (WL th) +
    (G / 4 + K%:R * n%:R * lam 0%N / 4 * sq X + K%:R * lam L / 4 * sq (WL th)) + G / 2 + K%:R * H)) =
  (K%:R - 2) * (Q - G) / 2.
  by move: K%:R Kr => k k0; field; rewrite gt_eqF.
by rewrite divr_ge0 ?ler0n // mulr_ge0 ?subr_ge0 // ler_nat.
Qed.
End Pairs.

(* one layer: the pointwise bound of all weights *)
Lemma one_layer_bound (R : rcfType) (K n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K 1 n d) (y : R) :
  (0 < K)%N -> (0 < n)%N -> (forall l, (l <= 1)%N -> 0 < lam l) -> 0 <= y -> y ^+ 2 <= x_power K 1 n lam ->
  exists2 s, 0 <= s & dnc_curve 2 y s <= loss lam th.
Proof.
move=> Kp n0 lamp y0 yE; have fit := fit_bound_all Kp n0 th.
have [tp|t0] := ltrP 0 (scale th); last first.
  exists 0 => //; apply: le_trans (le_trans fit (fit_le_loss lamp th)).
  rewrite /dnc_curve !expr0n /= mulr0 mul0r addr0 subr0 ler_pmul2r ?invr_gt0 ?ltr0n //.
  by rewrite ler_expn2r ?nnegrE ?ler01 // ?subr_ge0 ?ler_addl ?oppr_ge0 // (le_trans t0) ?ler01.
have [s s0 st] := @root_exists R 2 _ isT (ltW tp); exists s => //.
apply: (means_bound (isT : (0 < 1)%N) lamp (k := K%:R ^+ 2)) => //; first exact: product_bound_all.
by apply: le_trans yE _; rewrite /x_power /strengths (prod_ends (isT : (0 < 1)%N)) mulrC.
Qed.

Theorem pair_bound (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d) (y : R) :
  (2 <= K)%N -> (1 <= L)%N -> (1 <= n)%N -> (forall l, (l <= L)%N -> 0 < lam l) ->
  0 <= y -> y ^+ L.+1 <= (2 / K%:R) ^+ L.-1 * x_power K L n lam ->
  exists2 s, 0 <= s & (1 - s ^+ L.+1) ^+ 2 / 2 + L.+1%:R * y * s ^+ 2 / 2 <= loss lam th.
Proof.
move=> K2 + n0 + y0; case: L th => [|[|M]] // th _ lamp yE.
  by apply: one_layer_bound; rewrite ?(ltnW K2) // -[X in _ <= X]mul1r.
have P : 0 <= (2 / K%:R) ^+ M.+1 * x_power K M.+2 n lam :> R := le_trans (exprn_ge0 _ y0) yE.
have [z z0 zE] := @root_exists R M.+3 _ isT P.
have yz : y <= z by rewrite -(ler_pexpn2r (ltn0Sn M.+2)) ?nnegrE // zE.
have [s s0 least] := @curve_least R M.+1 z isT z0; exists s => //.
apply: le_trans (_ : dnc_curve M.+3 z s <= _).
  by rewrite ler_add2l ler_pmul2r ?invr_gt0 ?ltr0n // ler_wpmul2r ?sqr_ge0 // ler_wpmul2l ?ler0n.
apply: (loss_ge_sample (ltnW K2) n0) => X.
exact: (pair_sample K2 n0 lamp z0 zE th X least).
Qed.
