(* One layer of collapsed class features M >= 0: what the first two factors and what a middle one cost, in the words of the
   centring C. Bessel after centring, an inequality of means, and where features are zero. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Pointwise Centring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* K^K u^(K-1) v <= ((K-1) u + v)^K *)
Lemma agm (R : rcfType) (k : nat) (u v : R) : 0 <= u -> 0 <= v ->
  k.+1%:R ^+ k.+1 * (u ^+ k * v) <= (k%:R * u + v) ^+ k.+1.
Proof.
move=> u0 v0; pose E (i : 'I_k.+1) : R := if i == ord0 then v else u.
have e0 i : 0 <= E i by rewrite /E; case: ifP.
have [+ _] := @leif_AGM_scaled R _ xpredT E (fun i _ => mulrn_wge0 _ (e0 i)).
rewrite cardT size_enum_ord /= (eq_bigr (fun i => k.+1%:R * E i)) => [|i _]; last by rewrite mulr_natl.
rewrite big_split /= prodr_const card_ord !big_ord_recl /E /= sumr_const prodr_const !card_ord.
by rewrite -[u *+ k]mulr_natl addrC [v * _]mulrC.
Qed.

(* Bessel, for columns that are orthogonal after centring *)
Lemma bessel_centred (R : rcfType) (K m d : nat) (c : R) (N : 'M[R]_(d, K)) (W : 'M[R]_(m, d)) :
  (0 < K)%N -> 0 <= c -> N^T *m N = c *: @centring R K -> sqnorm (W *m N) <= c * sqnorm W.
Proof.
move=> K0 c0 hN; have [cz|cn0] := eqVneq c 0.
  have -> : N = 0 by apply: sq_eq0; rewrite sq_gram hN cz scale0r mxtrace0.
  by rewrite mulmx0 sq0 mulr_ge0 ?sq_ge0.
have cp : 0 < c by rewrite lt_def cn0.
pose Q := W *m N *m N^T.
have hWQ : dot W Q = sqnorm (W *m N) by rewrite sqE dot_mulr.
have hQQ : sqnorm Q <= c * sqnorm (W *m N).
  rewrite sqE /Q dot_mulr trmxK -[X in dot _ X]mulmxA hN -scalemxAr dotZr ler_wpmul2l //.
  by rewrite dot_centre ?centred_le.
have := sq_ge0 (c *: W + (- 1) *: Q); rewrite sqE !(dotDl, dotZl, dotDr, dotZr) (dotC Q W) -!sqE hWQ => h.
move: hQQ h; move: (sqnorm Q) (sqnorm W) (sqnorm (W *m N)) => q w x hq h; move: hq; rewrite -subr_ge0 => hq.
by rewrite -subr_ge0 -(pmulr_rge0 _ cp); apply: le_trans (addr_ge0 hq h) (eqW _); ring.
Qed.

Section Layers.
Variables (R : rcfType) (K n : nat).
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Notation C := (@centring R K).
Notation mean := (@mean R K).
Let K0 : (0 < K)%N. Proof. exact: ltnW. Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

(* where a feature is zero, M (x C + y (I - C)) is not positive *)
Lemma mix_le0 d (M : 'M[R]_(d, K)) (x y : R) i k : (forall i j, 0 <= M i j) -> y <= x -> M i k = 0 ->
  (M *m mix K x y) i k <= 0.
Proof.
move=> M0 yx Mik; rewrite mxE -oppr_ge0 -sumrN; apply: sumr_ge0 => l _; rewrite oppr_ge0.
have [->|lk] := eqVneq l k; first by rewrite Mik mul0r.
by rewrite mulr_ge0_le0 // mixE (negbTE lk) mulr0 sub0r oppr_le0 divr_ge0 ?ler0n // subr_ge0.
Qed.

Lemma first_layer d0 d1 (H : 'M[R]_(d0, K * n)) (W : 'M[R]_(d1, d0)) (M : 'M[R]_(d1, K)) (x y k : R) :
  relu (W *m H) = M *m Y -> (forall i j, 0 <= M i j) -> 0 <= y -> y <= x -> 0 <= k ->
  (sq (W^T *m (M *m mix K x y)) <= k * sq W^T) ->
  n%:R * (x * sq (M *m C) + y * sq (M *m mean)) ^+ 2 <= k * (sq H * sq W).
Proof.
move=> hF M0 y0 yx k0 short; set Q := M *m mix K x y in short.
have low : n%:R * (x * sq (M *m C) + y * sq (M *m mean)) <= dot H (W^T *m (Q *m Y)).
  rewrite -dot_mix // -/Q -dotY -hF -dot_mul !dotE; apply: ler_sum => i _; apply: ler_sum => j _.
  rewrite mulY; have : relu (W *m H) i j = M i (class j) by rewrite hF mulY.
  move=> E; have := E; rewrite [LHS]mxE; set P := (W *m H) i j; case: (lerP 0 P) => [P0 E'|Pn E'].
    by rewrite E -E'.
  by rewrite E -E' mul0r mulr_le0 ?(ltW Pn) // mix_le0.
have g0 : 0 <= n%:R * (x * sq (M *m C) + y * sq (M *m mean)).
  by rewrite mulr_ge0 ?(ltW np) // addr_ge0 // mulr_ge0 ?sq_ge0 // (le_trans y0).
have := le_trans (_ : _ <= _) (CS H (W^T *m (Q *m Y))).
move=> /(_ ((n%:R * (x * sq (M *m C) + y * sq (M *m mean))) ^+ 2)).
rewrite ler_expn2r ?nnegrE ?(le_trans g0) // => /(_ isT); rewrite mulmxA sqY => h.
rewrite -(ler_pmul2l np); apply: le_trans (_ : sq H * (n%:R * (k * sq W^T)) <= _); last by rewrite sq_tr; apply: eqW; ring.
apply: le_trans (le_trans h _); first by apply: eqW; ring.
by rewrite ler_wpmul2l ?sq_ge0 // ler_pmul2l.
Qed.

Lemma broad_gram d (M : 'M[R]_(d, K)) c b : (forall i j, 0 <= M i j) -> M^T *m M = c%:M + b *: const_mx 1 ->
  let u := sq (M *m C) / (K%:R - 1) in let s := sq (M *m mean) in M^T *m M = mix K u s /\ u <= s.
Proof.
move=> M0 hM u s; have E : M^T *m M = mix K c (c + K%:R * b).
  by rewrite hM mix_scalar; congr (_ + _ *: _); field; rewrite gt_eqF.
have sqs x y : sq (M *m mix K x y) = (K%:R - 1) * (x ^+ 2 * c) + y ^+ 2 * (c + K%:R * b).
  by rewrite sq_gram trmx_mul mixT -mulmxA [M^T *m _]mulmxA E !mixM // tr_mix //; ring.
have hu : u = c by rewrite /u -(mix10 R K) sqs expr1n expr0n !mul1r mul0r addr0 mulrC mulKf ?gt_eqF.
have hs : s = c + K%:R * b.
  have -> : s = sq (M *m mix K 0 1) by rewrite /mix scale0r scale1r add0r.
  by rewrite sqs expr1n expr0n !mul0r mulr0 add0r !mul1r.
rewrite hs hu; split=> //; pose i := Ordinal K0; pose j := Ordinal K2.
have := congr1 (fun A : 'M_K => A i j) E; rewrite /= mixE mulr0 sub0r => hij.
have : 0 <= (M^T *m M) i j by rewrite mxE sumr_ge0 // => l _; rewrite mxE mulr_ge0.
by rewrite hij oppr_ge0 pmulr_lle0 ?invr_gt0 // subr_le0.
Qed.
Lemma nc2_gram d (M : 'M[R]_(d, K)) c : C *m (M^T *m M) *m C = c *: C ->
  (M *m C)^T *m (M *m C) = (sq (M *m C) / (K%:R - 1)) *: C.
Proof.
have E : (M *m C)^T *m (M *m C) = C *m (M^T *m M) *m C by rewrite trmx_mul centreT !mulmxA.
move=> hM; rewrite sq_gram E hM mxtraceZ tr_centre // mulfK ?gt_eqF //.
Qed.
End Layers.
