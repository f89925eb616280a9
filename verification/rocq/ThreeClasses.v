(* Three classes, two layers: DNC is optimal where x = K Lambda <= 1/9. One sample a class, features F = relu (W_1 X) with
   A = F^T F, e_i its sums of minors, g^6 = det A. The last layer costs at least x tr (A + x I)^-1 (`ridge`, x of W_2),

       tr (A + x I)^-1 = (3 x^2 + 2 x e_1 + e_2) / (x^3 + x^2 e_1 + x e_2 + g^6),      e_1 >= 3 g^2, e_2 >= 3 g^4,

   which is at least 3 / (g^2 + x) if g^2 >= 2 x, and at least 1 / x if not; the first two at least 3 g (`nuclear`). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better LowerBound Balance Threshold Samples Best Three.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Trace.
Variables (R : rcfType) (d : nat) (F : 'M[R]_(d, 3)) (x : R).
Hypothesis xp : 0 < x.
Notation A := (gram F).
Definition det_x : R := x ^+ 3 + x ^+ 2 * e1 F + x * e2 F + e3 F.
Definition tr_adj : R := 3 * x ^+ 2 + 2 * x * e1 F + e2 F.

Lemma det_x_gt0 : 0 < det_x.
Proof.
have h1 := mulr_ge0 (exprn_ge0 2 (ltW xp)) (e1_ge0 F); have h2 := mulr_ge0 (ltW xp) (e2_ge0 F).
by rewrite /det_x -2!addrA; exact: ltr_paddr (addr_ge0 h1 (addr_ge0 h2 (e3_ge0 F))) (exprn_gt0 3 xp).
Qed.

(* the inverse of A + x I, entry by entry *)
Definition adjugate : 'M[R]_3 := let a := A i0 i0 + x in let b := A i1 i1 + x in let c := A i2 i2 + x in
  let p := A i0 i1 in let q := A i0 i2 in let r := A i1 i2 in
  rows3 [:: [:: b * c - r ^+ 2; q * r - p * c; p * r - q * b];
            [:: q * r - p * c; a * c - q ^+ 2; p * q - a * r];
            [:: p * r - q * b; p * q - a * r; a * b - p ^+ 2]].
Definition inverse := det_x^-1 *: adjugate.
Lemma inverse_mul : inverse *m (F^T *m F + x%:M) = 1%:M.
Proof.
have d0 := lt0r_neq0 det_x_gt0; rewrite /inverse -scalemxAl.
suff -> : adjugate *m (F^T *m F + x%:M) = det_x%:M by rewrite scale_scalar_mx mulVf.
have AE i j : (F^T *m F + x%:M) i j = A i j + x *+ (i == j) by rewrite mxE [x%:M i j]mxE.
by apply/matrixP; apply: all3; apply: all3; rewrite mxE sum3 !AE !mxE /= /det_x /e1 /e2 /e3 /minor
  ?(gramC F i1 i0) ?(gramC F i2 i0) ?(gramC F i2 i1) ?mulr1n ?mulr0n; ring.
Qed.
Lemma inverse_tr : \tr inverse = tr_adj / det_x.
Proof. by rewrite /mxtrace sum3 !mxE /= /tr_adj /e1 /e2 /minor mulrC; ring. Qed.
End Trace.

(* the two bounds, in numbers *)
Section Numbers.
Variables (R : rcfType) (x y s t : R).
Hypotheses (xp : 0 < x) (y0 : 0 <= y) (hs : 3 * y <= s) (ht : 3 * y ^+ 2 <= t).
Let N := 3 * x ^+ 2 + 2 * x * s + t.
Let D := x ^+ 3 + x ^+ 2 * s + x * t + y ^+ 3.

Lemma large : 2 * x <= y -> 3 * D <= (y + x) * N.
Proof.
move=> xy; rewrite -subr_ge0.
have -> : (y + x) * N - 3 * D = (s - 3 * y) * (x * (2 * y - x)) + (t - 3 * y ^+ 2) * (y - 2 * x).
  by rewrite /N /D; ring.
have h : 0 <= y - 2 * x by rewrite subr_ge0.
have h2 : 0 <= 2 * y - x.
  have -> : 2 * y - x = 2 * (y - 2 * x) + 3 * x by ring.
  by rewrite addr_ge0 // mulr_ge0 ?ler0n // ltW.
by rewrite addr_ge0 // mulr_ge0 ?subr_ge0 // mulr_ge0 // ltW.
Qed.
Lemma small : y <= 2 * x -> D <= x * N.
Proof.
move=> yx; rewrite -subr_ge0.
have -> : x * N - D = (s - 3 * y) * x ^+ 2 + (2 * x - y) * (x + y) ^+ 2 by rewrite /N /D; ring.
by rewrite addr_ge0 // mulr_ge0 ?subr_ge0 ?sqr_ge0.
Qed.
End Numbers.

Section Main.
Variables (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R).
Hypotheses (n0 : (0 < n)%N) (lamp : forall l, (l <= 2)%N -> 0 < lam l).
Notation sq := (@sqnorm R _ _).
Variable x : R.
Hypotheses (x0 : 0 <= x) (xE : x ^+ 3 = x_power 3 2 n lam).
Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let l0 : 0 < lam 0%N := lamp (isT : (0 <= 2)%N).
Let l1 : 0 < lam 1%N := lamp (isT : (1 <= 2)%N).
Let l2 : 0 < lam 2%N := lamp (isT : (2 <= 2)%N).

Lemma sample_bound (th : weights R 3 2 n d) (X : 'M[R]_(d 0%N, 3)) : x <= 9^-1 ->
  exists2 s, 0 <= s & dnc_curve 3 x s <= one_sample lam th X.
Proof.
move=> x9; set F := relu (hidden th 0%N *m X).
have [g g0 gE] := @root_exists R 6 (e3 F) isT (e3_ge0 F).
pose z := 3 * lam 2%N; have zp : 0 < z by rewrite mulr_gt0 ?ltr0n.
pose k := Num.sqrt (n%:R * lam 0%N * lam 1%N); have k0 : 0 <= k by rewrite sqrtr_ge0.
have kE : k ^+ 2 = n%:R * lam 0%N * lam 1%N by rewrite sqr_sqrtr // !mulr_ge0 // ltW.
have xk : x ^+ 3 = 9 * k ^+ 2 * z.
  rewrite xE /x_power kE /z (prod_ends (isT : (0 < 2)%N)) big_ord1 /=.
  by move: (lam 0%N) (lam 1%N) (lam 2%N) n%:R => p q r t; ring.
(* the first two layers *)
have first : 3 * k * g <= n%:R * lam 0%N / 2 * sq X + lam 1%N / 2 * sq (hidden th 0%N).
  have := nuclear (W := hidden th 0%N) (X := X) g0 gE; move: (sq_ge0 X) (sq_ge0 (hidden th 0%N)).
  move: (sq X) (sq (hidden th 0%N)) => a b a0 b0 h.
  rewrite -(ler_pexpn2r (_ : 0 < 2)%N) ?nnegrE //; first last.
  - by apply: addr_ge0; apply: mulr_ge0 => //; apply: divr_ge0; rewrite ?ler0n ?mulr_ge0 ?(ltW nr) ?(ltW l0) ?(ltW l1).
  - by rewrite !mulr_ge0 ?ler0n.
  apply: le_trans (_ : k ^+ 2 * (b * a) <= _).
    have -> : (3 * k * g) ^+ 2 = k ^+ 2 * (3 * g) ^+ 2 by ring.
    by rewrite ler_wpmul2l ?sqr_ge0.
  rewrite kE -subr_ge0; move: (lam 0%N) (lam 1%N) n%:R => p q r.
  have -> : (r * p / 2 * a + q / 2 * b) ^+ 2 - r * p * q * (b * a) = ((r * p * a - q * b) / 2) ^+ 2 by field.
  exact: sqr_ge0.
(* the last one *)
have last : z / 6 * (tr_adj F z / det_x F z) <= 6^-1 * sq (WL th *m F - 1%:M) + lam 2%N / 2 * sq (WL th).
  have := ridge (WL th) (ltW zp) (inverse_mul F zp); rewrite inverse_tr.
  move: (sq (WL th *m F - 1%:M)) (sq (WL th)) (_ / _) => a b t h.
  have -> : z / 6 * t = 6^-1 * (z * t) by ring.
  have -> : 6^-1 * a + lam 2%N / 2 * b = 6^-1 * (a + z * b) by rewrite /z; field.
  by rewrite ler_wpmul2l // invr_ge0 ler0n.
have -> : one_sample lam th X = 6^-1 * sq (WL th *m F - 1%:M) + lam 2%N / 2 * sq (WL th)
    + (n%:R * lam 0%N / 2 * sq X + lam 1%N / 2 * sq (hidden th 0%N)).
  rewrite /one_sample big_ord1 /= -/F; have -> : (2 * 3%:R)^-1 = 6^-1 :> R by field.
  by rewrite -!addrA; congr (_ + _); rewrite addrA addrC.
have D0 := det_x_gt0 F zp; have [h1 h2] := means g0 gE.
have gE6 : g ^+ 6 = (g ^+ 2) ^+ 3 by rewrite -exprM.
have [big|little] := lerP (2 * z) (g ^+ 2).
  have y0 : 0 < g ^+ 2 + z by rewrite ltr_paddl ?sqr_ge0.
  have [s s0 sE] := @root_exists R 3 (g ^+ 2 / (g ^+ 2 + z)) isT (divr_ge0 (sqr_ge0 _) (ltW y0)).
  exists s => //; apply: le_trans (ler_add last first).
  have g4 : g ^+ 4 = (g ^+ 2) ^+ 2 by rewrite -exprM.
  have := @large R z (g ^+ 2) (e1 F) (e2 F) zp h1; rewrite -g4 -gE6 gE => /(_ h2 big) lg.
  have tr : 3 / (g ^+ 2 + z) <= tr_adj F z / det_x F z.
    by rewrite ler_pdivr_mulr // mulrAC ler_pdivl_mulr // [X in _ <= X]mulrC.
  apply: le_trans (_ : z / 6 * (3 / (g ^+ 2 + z)) + 3 * k * g <= _); last first.
    by rewrite ler_add2r ler_wpmul2l // divr_ge0 ?ler0n // ltW.
  have kg : 0 <= 3 * k * g / 2 by rewrite divr_ge0 ?mulr_ge0 ?ler0n.
  move: sE y0; rewrite /dnc_curve; set y := g ^+ 2 => sE y0.
  have yz : 0 <= z * y / (2 * (y + z) ^+ 2).
    by apply: divr_ge0; apply: mulr_ge0; rewrite ?sqr_ge0 ?ler0n // ltW.
  have xs : 0 <= x * s ^+ 2 / 2 by rewrite divr_ge0 ?ler0n // mulr_ge0 ?sqr_ge0.
  have := mean3 yz kg kg xs.
  have -> : (x * s ^+ 2 / 2) ^+ 3 = x ^+ 3 * (s ^+ 3) ^+ 2 / 8 by rewrite -[s ^+ 3 ^+ 2]exprM [(3 * 2)%N]mulnC; field.
  rewrite xk sE => mean; have {mean} := mean _ => mean.
  have {mean} m3 : 3 * (x * s ^+ 2 / 2) <= z * y / (2 * (y + z) ^+ 2) + 3 * k * g / 2 + 3 * k * g / 2.
    apply: mean; apply: eqW.
    have -> : z * y / (2 * (y + z) ^+ 2) * (3 * k * g / 2) * (3 * k * g / 2) =
      z * y / (2 * (y + z) ^+ 2) * (9 * k ^+ 2 * y / 4) by rewrite -mulrA; congr (_ * _); rewrite /y; field.
    by field; rewrite (lt0r_neq0 y0).
  rewrite -subr_ge0; move: m3; rewrite -subr_ge0; congr (_ <= _).
  by field; rewrite (lt0r_neq0 y0).
exists 1; first exact: ler01.
have := @small R z (g ^+ 2) (e1 F) (e2 F) h1 (ltW little); rewrite -gE6 gE => sm.
have tr : 1 <= z * (tr_adj F z / det_x F z) by rewrite mulrA ler_pdivl_mulr // mul1r.
apply: le_trans (_ : 6^-1 <= _).
  rewrite /dnc_curve !expr1n subrr expr0n mul0r add0r mulr1.
  have -> : 6^-1 = 3 * 9^-1 / 2 :> R by field.
  by rewrite ler_wpmul2r ?invr_ge0 ?ler0n // ler_wpmul2l ?ler0n.
apply: le_trans (ler_add last first); rewrite -[X in X <= _]addr0; apply: ler_add; last by rewrite !mulr_ge0 ?ler0n.
by rewrite [z / 6]mulrC -mulrA -[X in X <= _]mulr1 ler_wpmul2l // invr_ge0 ler0n.
Qed.
End Main.

Theorem three_classes (R : rcfType) (n : nat) (d : nat -> nat) (lam : nat -> R) :
  (0 < n)%N -> (forall l, (l < 2)%N -> (3 <= d l)%N) -> (forall l, (l <= 2)%N -> 0 < lam l) ->
  x_power 3 2 n lam <= 9^-1 ^+ 3 -> dnc_optimal 3 2 n d lam.
Proof.
move=> n0 Kd lamp small th.
have P : 0 <= x_power 3 2 n lam.
  by rewrite /x_power !mulr_ge0 ?exprn_ge0 ?ler0n // prodr_ge0 // => l _; rewrite ltW // lamp // -ltnS.
have [x x0 xE] := @root_exists R 3 _ isT P.
have x9 : x <= 9^-1 by rewrite -(ler_pexpn2r (_ : 0 < 3)%N) ?nnegrE ?invr_ge0 ?ler0n // xE.
have [th' dnc best] := best_dnc (isT : (0 < 3)%N) n0 (isT : (1 < 2)%N) Kd lamp x0 xE; exists th' => //.
apply: (loss_ge_sample (isT : (0 < 3)%N) n0) => X.
by have [s s0] := sample_bound n0 lamp x0 xE th X x9; apply: le_trans; apply: best.
Qed.
