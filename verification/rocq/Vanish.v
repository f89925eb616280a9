(* How bad DNC becomes: a unit structure of cost C^(L+1) has, at every scale s, the loss DNC would have at the strengths
   C / K times as large; with the structure of Signs.v C / K falls like K^(-1/6) at two layers, faster at more. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From Dufm Require Import Model Norm Targets Pointwise Structure Wider Better LowerBound Balance Signs.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Reach.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l).
Variables (X : 'M[R]_(d 0%N, K)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d L.-1)).
Hypothesis unitXWV : unit_structure X W V.
Notation Y := (@Y R K n).
Notation sq := (@sqnorm R _ _).
Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let Kr : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.

Definition even_strength l : R :=
  if l == 0%N then (n%:R * sq X)^-1 else if l == L then (sq V)^-1 else (sq (W l.-1))^-1.
Let even_gt0 l : (l <= L)%N -> 0 < even_strength l.
Proof.
have [Xp Wp Vp] := unit_pos Kp unitXWV; rewrite /even_strength => lL.
have [_|/eqP l0] := l =P 0%N; first by rewrite invr_gt0 mulr_gt0.
have [_|/eqP ln] := l =P L; rewrite invr_gt0 //; apply: Wp.
by rewrite -ltnS (prednK L0) prednK ?lt0n // ltn_neqAle ln.
Qed.
Let even_prod : \prod_(l < L.+1) even_strength l = (n%:R * cost X W V)^-1.
Proof.
rewrite prod_ends // /even_strength eqxx eqxx [L == 0%N]eqn0Ngt L0 /=.
rewrite (eq_bigr (fun l : 'I_L.-1 => (sq (W l))^-1)) => [|l _]; last first.
  by rewrite ifF //; apply/eqP => E; move: (ltn_ord l); rewrite -[X in (_ < X.-1)%N]E ltnn.
by rewrite prodfV /cost -!invfM; congr (_ ^-1); rewrite !mulrA.
Qed.

Theorem structure_reached (y s : R) : 0 <= y -> 0 <= s -> n%:R * \prod_(l < L.+1) lam l * cost X W V <= y ^+ L.+1 ->
  exists th : weights R K L n d, loss lam th <= dnc_curve L.+1 y s.
Proof.
move=> y0 s0 h; have [Xp Wp Vp] := unit_pos Kp unitXWV.
have P : 0 < \prod_(l < L.+1) lam l by apply: prodr_gt0 => l _; rewrite lamp // -ltnS.
have C0 : 0 < cost X W V by rewrite !mulr_gt0 // prodr_gt0 // => l _; apply: Wp.
have A0 : 0 <= n%:R * \prod_(l < L.+1) lam l * cost X W V := mulr_ge0 (mulr_ge0 (ltW nr) (ltW P)) (ltW C0).
have [c c0 cE] := @root_exists R L.+1 _ isT A0.
have cy : c <= y by rewrite -(ler_pexpn2r (ltn0Sn L)) ?nnegrE // cE.
pose th0 : weights R K L n d := Weights (X *m Y) W V.
have [|th [out sz _]] := rebalance L0 th0 lamp even_gt0 (mulr_ge0 c0 (sqr_ge0 s)) (exprn_ge0 L.+1 s0).
  rewrite even_prod exprMn cE -!exprM mulnC; move: (_ ^+ _) (\prod_(l < _) _) (cost _ _ _) n%:R C0 nr => a b e m ep mp.
  by field; rewrite !gt_eqF.
exists th; rewrite loss_size sz /fit out.
have -> : output th0 = Y.
  by rewrite /output /= feature_mulY mulmxA unitXWV mul1mx.
have -> : size even_strength th0 = L.+1%:R / 2.
  rewrite /size /even_strength eqxx eqxx [L == 0%N]eqn0Ngt L0 /= sqY.
  rewrite (eq_bigr (fun=> 2^-1)) => [|l _]; last first.
    rewrite ifF; first by rewrite mulrAC mulVf ?mul1r // gt_eqF // Wp.
    by apply/eqP => E; move: (ltn_ord l); rewrite -[X in (_ < X.-1)%N]E ltnn.
  rewrite sumr_const card_ord -[2^-1 *+ _]mulr_natr.
  have -> : L.+1%:R = L.-1%:R + 2 :> R by rewrite -natrD addn2; case: (L) L0.
  by move: L.-1%:R (sq X) (sq V) n%:R Xp Vp nr => m a b e a0 b0 e0; field; rewrite !gt_eqF.
rewrite /dnc_curve; apply: ler_add.
  rewrite -{2}[Y]scale1r -scalerBl sqZ -[Y]mul1mx sqY sq1 natrM -[1 - _]opprB sqrrN.
  by apply: eqW; move: (_ ^+ 2) => v; field; rewrite !gt_eqF.
by rewrite mulrA ler_pmul2r ?invr_gt0 ?ltr0n // [X in X <= _]mulrC -[X in _ <= X]mulrA ler_pmul2l ?ltr0n // ler_wpmul2r ?sqr_ge0.
Qed.
End Reach.

(* the two of a pair of vertices *)
Section Grid.
Variables (K r : nat).
Hypothesis Kr : (K <= r * r)%N.
Definition grid (k : 'I_K) : 'I_r * 'I_r :=
  enum_val (cast_ord (esym (etrans (card_prod [finType of 'I_r] [finType of 'I_r]) (f_equal2 muln (card_ord r) (card_ord r))))
    (widen_ord Kr k)).
Lemma grid_inj : injective grid.
Proof. by move=> k l /enum_val_inj /cast_ord_inj /(congr1 val) /= /val_inj. Qed.
End Grid.

(* signs enough: a power of two with (N - 1)^2 >= K and N^2 <= 16 K *)
Lemma side K : (0 < K)%N -> exists k, let N := (2 ^ k)%N in [/\ (0 < N)%N, (K <= N.-1 * N.-1)%N & (N * N <= 16 * K)%N].
Proof.
move=> K0; have /andP [lo hi] := trunc_log_bounds (isT : (1 < 4)%N) K0; set t := trunc_log 4 K in lo hi.
exists t.+2 => N; have NN : (N * N = 16 * 4 ^ t)%N by rewrite mulnn /N -expnM mulnC expnM -[16%N]/(4 ^ 2)%N -expnD.
have N2 : (N = 2 * 2 ^ t.+1)%N by rewrite /N expnS.
split; rewrite ?expn_gt0 ?NN ?leq_mul2l //.
set M := (2 ^ t.+1)%N in N2; have M0 : (0 < M)%N by rewrite expn_gt0.
have MM : (M * M = 4 ^ t.+1)%N by rewrite mulnn /M -expnM mulnC expnM.
apply: leq_trans (ltnW hi) _; rewrite -MM; have h : (M <= N.-1)%N by rewrite N2 mul2n -addnn -ltnS prednK ?addn_gt0 ?M0 // -addn1 leq_add2l.
exact: leq_mul.
Qed.

Lemma cheap_enough K r m e : (1 <= m)%N -> (4096 * m ^ 6 <= K)%N -> (r.+1 * r.+1 <= 16 * K)%N ->
  (8 * m ^ e.+3 * (r + r) ^ e.+1 <= K ^ e.+1)%N.
Proof.
move=> m1 mK rK; have h : (8 * m ^ 3 * (2 * r.+1) <= K)%N.
  rewrite -(@leq_exp2r _ _ 2) // -!mulnn; apply: leq_trans (leq_mul mK (leqnn K)).
  have -> : (m ^ 6 = m ^ 3 * m ^ 3)%N by rewrite -expnD.
  by move: (m ^ 3)%N (r.+1) rK => a b rK; nia.
apply: leq_trans (_ : (8 * m ^ 3 * (2 * r.+1)) ^ e.+1 <= _)%N; last by rewrite leq_exp2r.
rewrite expnMn leq_mul //; last by rewrite leq_exp2r // mul2n -addnn leq_add.
rewrite expnMn leq_mul //; first by rewrite expnS leq_pmulr // expn_gt0.
by rewrite -expnM leq_pexp2l // mulnS -[e.+3]add3n leq_add2l leq_pmull.
Qed.

Theorem vanishing (K L m : nat) : (1 <= m)%N -> (4096 * m ^ 6 <= K)%N -> (2 <= L)%N ->
  forall (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d),
  (1 <= n)%N -> (forall l, (l < L)%N -> (16 * K <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) -> is_dnc th ->
  exists th' : weights R K L n d, loss lam th' <= loss (fun l => lam l / m%:R) th.
Proof.
move=> m1 mK L2 R n d lam th n0 wd lamp dnc.
have Kp : (0 < K)%N by apply: leq_trans mK; rewrite muln_gt0 expn_gt0 m1.
have mr : 0 < m%:R :> R by rewrite ltr0n.
have lamp' l : (l <= L)%N -> 0 < lam l / m%:R by move=> lL; rewrite divr_gt0 ?lamp.
have [tp|t0] := ltrP 0 (scale th); last first.
  exists zero_weights; rewrite loss_zero //; exact: (nonpos_scale Kp n0 lamp' L2 dnc t0).
have [s s0 st] := @root_exists R L.+1 _ isT (ltW tp).
have S0 : 0 <= strengths L n (fun l => lam l / m%:R).
  rewrite /strengths -(prod_ends (ltnW L2) (fun l => lam l / m%:R)) mulr_ge0 ?ler0n // prodr_ge0 // => l _.
  by rewrite ltW // lamp' // -ltnS.
have [c c0 cE] := @root_exists R L.+1 _ isT S0.
have low := dnc_bound Kp n0 (ltnW L2) lamp' L2 dnc c0 s0 st (eqW cE).
have [k [N0 KN N16]] := side Kp; have [S [S2 SS S1]] := sylvester_pow R k.
move: (2 ^ k)%N N0 KN N16 S S2 SS S1 => [|r] //= _ KN N16 S S2 SS S1.
have inj : injective (fun k => ((grid KN k).1, (grid KN k).2)).
  by move=> a b /= E; apply: (@grid_inj _ _ KN); move: E; case: (grid KN a) (grid KN b) => ? ? [? ?] /= [-> ->].
have [||X [W [V [u ce]]]] := sign_unit inj S2 SS S1 L.-2 (d := 16 * K).
- by apply: leq_trans N16; rewrite mulSn mulnS addnA (leq_trans _ (leq_addr _ _)) // leq_add2r.
- exact: N16.
have EL : L.-2.+2 = L by case: L L2 {wd lamp dnc lamp' tp s st s0 S0 c c0 cE low X W V u ce th} => [|[|]].
have few := cheap_enough L.-2 m1 mK N16; move: few X W V u ce; rewrite -[in L.-2.+3]EL -[in L.-2.+1]EL EL => few X W V u ce.
have [|th' h] := structure_reached Kp n0 (ltnW L2) lamp u (mulr_ge0 (ler0n R K) c0) s0.
  rewrite ce exprMn cE /strengths -(prod_ends (ltnW L2) (fun l => lam l / m%:R)) prodf_div prodr_const card_ord.
  have few_r : 8 * m%:R ^+ L.+1 * (r + r)%:R ^+ L.-2.+1 <= K%:R ^+ L.-2.+1 :> R by rewrite -!natrX -!natrM ler_nat.
  have -> : K%:R ^+ L.+1 = K%:R ^+ 2 * K%:R ^+ L.-2.+1 :> R by rewrite -exprD; congr (_ ^+ _); rewrite -{1}EL.
  have P : 0 <= n%:R * \prod_(l < L.+1) lam l by rewrite mulr_ge0 ?ler0n // prodr_ge0 // => l _; rewrite ltW // lamp // -ltnS.
  rewrite !mulrA ler_pdivl_mulr ?exprn_gt0 // [X in _ <= X]mulrAC -[X in _ <= X]mulrA [X in _ <= X]mulrC.
  have := ler_wpmul2l (mulr_ge0 P (sqr_ge0 K%:R)) few_r; congr (_ <= _); last by rewrite -[LHS]mulrA [n%:R * _]mulrC.
  by move: (m%:R ^+ _) (_ ^+ L.-2.+1) (\prod_(l < _) _) => a b e; ring.
exists (wider d th'); rewrite wider_loss ?(ltnW L2) //; exact: le_trans low.
Qed.
