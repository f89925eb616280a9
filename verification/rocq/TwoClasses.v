(* Two classes: DNC is optimal at every depth L >= 2 and every strength. With one sample a class the singular values s_i of
   the features grow from layer to layer; the first two layers cost their sum, each later one the sum of the squared ratios,
   the last sum_i 1 / (s_i^2 + x) (Two.v, Layer.v): so each of the two pays half of some f_x(s), by the inequality of means. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Pointwise Structure Better LowerBound Balance Threshold Samples Best Two Layer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* what a singular value pays: s at first, later multiplied by rho l, y = its square at the end *)
Lemma share (R : rcfType) M (k z x s y : R) (mu rho : nat -> R) : 0 <= k -> 0 < z -> 0 <= x -> 0 <= s ->
  (forall l, (l < M)%N -> 0 <= mu l) -> (forall l, 0 <= rho l) -> y = s ^+ 2 * \prod_(l < M) rho l ->
  x ^+ M.+3 = 2 ^+ M.+2 * k ^+ 2 * z * \prod_(l < M) mu l ->
  exists2 r, 0 <= r & dnc_curve M.+3 x r / 2 <= z / 4 * (y + z)^-1 + k * s + \sum_(l < M) mu l / 2 * rho l.
Proof.
move=> k0 zp x0 s0 mu0 rho0 yE xE; have y0 : 0 <= y by rewrite yE mulr_ge0 ?sqr_ge0 ?prodr_ge0.
have yz : 0 < y + z by rewrite ltr_paddl.
have [r r0 rE] := @root_exists R M.+3 (y / (y + z)) isT (divr_ge0 y0 (ltW yz)).
exists r => //; have ks : 0 <= k * s by rewrite mulr_ge0.
pose A := z * y / (2 * (y + z) ^+ 2).
have A0 : 0 <= A by rewrite divr_ge0 // mulr_ge0 ?sqr_ge0 ?ler0n // ltW.
pose f (l : 'I_M.+1) := if (l < M)%N then mu l * rho l else A.
have f0 l : 0 <= f l by rewrite /f; case: ifP => // lM; rewrite mulr_ge0 // mu0.
have := agm_layers ks ks f0; rewrite !big_ord_recr /= /f ltnn.
rewrite (eq_bigr (fun l : 'I_M => mu l * rho l)) => [|l _]; last by rewrite /= ltn_ord.
rewrite [X in _ + (X + _) + _](eq_bigr (fun l : 'I_M => mu l * rho l)) => [|l _]; last by rewrite /= ltn_ord.
rewrite big_split /=; set T := \sum_(l < M) _; set U := \prod_(l < M) mu l in xE *; set Z := \prod_(l < M) rho l in yE *.
have xr : 0 <= x * r ^+ 2 / 2 by rewrite divr_ge0 ?ler0n // mulr_ge0 ?sqr_ge0.
have -> : k * s * (U * Z * A) * (k * s) = (x * r ^+ 2 / 2) ^+ M.+3.
  rewrite expr_div_n exprMn -exprM mulnC exprM rE xE [2 ^+ M.+3]exprS /A.
  have -> : k * s * (U * Z * (z * y / (2 * (y + z) ^+ 2))) * (k * s) = k ^+ 2 * U * (s ^+ 2 * Z) * (z * y / (2 * (y + z) ^+ 2)) by ring.
  rewrite -yE; have := expf_neq0 M.+2 (_ : 2 != 0 :> R); rewrite pnatr_eq0 => /(_ isT).
  by move: (2 ^+ M.+2) => e e0; field; rewrite e0 (lt0r_neq0 yz).
have S0 : 0 <= k * s + (T + A) + k * s.
  by rewrite !addr_ge0 //; apply: sumr_ge0 => l _; rewrite mulr_ge0 // mu0.
move=> h; have mean : x * r ^+ 2 / 2 * M.+3%:R <= k * s + (T + A) + k * s.
  rewrite -ler_pdivl_mulr ?ltr0n // -(ler_pexpn2r (ltn0Sn M.+2)) ?nnegrE //.
  by rewrite divr_ge0 ?ler0n.
have -> : \sum_(l < M) mu l / 2 * rho l = T / 2 by rewrite /T mulr_suml; apply: eq_bigr => l _; rewrite mulrAC.
rewrite /dnc_curve rE ler_pdivr_mulr ?ltr0n // -subr_ge0; move: mean; rewrite -subr_ge0; congr (_ <= _).
by rewrite /A; move: M.+3%:R => p; field; rewrite (lt0r_neq0 yz).
Qed.

Section Sample.
Variables (R : rcfType) (M n : nat) (d : nat -> nat) (lam : nat -> R).
Notation L := M.+2.
Hypotheses (n0 : (0 < n)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l).
Notation sq := (@sqnorm R _ _).
Variable x : R.
Hypotheses (x0 : 0 <= x) (xE : x ^+ L.+1 = x_power 2 L n lam).
Variables (th : weights R 2 L n d) (X : 'M[R]_(d 0%N, 2)).
Let W l := hidden th l.
Let F l := feature (hidden th) X l.

Let values (s : forall l, R) (g : nat -> R) : (forall l, s l.+1 ^+ 2 = g l * s l ^+ 2) ->
  forall l, s l ^+ 2 = s 0%N ^+ 2 * \prod_(j < l) g j.
Proof.
move=> h; elim=> [|l IH]; first by rewrite big_ord0 mulr1.
by rewrite h IH big_ord_recr /= mulrC -mulrA.
Qed.

(* one sample a class costs at least the least of f_x *)
Theorem two_sample : exists2 s, 0 <= s & dnc_curve L.+1 x s <= one_sample lam th X.
Proof.
have nr : 0 < n%:R :> R by rewrite ltr0n.
have l0 : 0 < lam 0%N := lamp (isT : (0 <= L)%N).
have l1 : 0 < lam 1%N := lamp (isT : (1 <= L)%N).
pose z := 2 * lam L; have zp : 0 < z by rewrite mulr_gt0 ?ltr0n // lamp.
pose k := Num.sqrt (n%:R * lam 0%N * lam 1%N); have k0 : 0 <= k by rewrite sqrtr_ge0.
have kE : k ^+ 2 = n%:R * lam 0%N * lam 1%N by rewrite sqr_sqrtr // !mulr_ge0 // ltW.
pose mu l := lam l.+2.
have mu0 l : (l < M)%N -> 0 <= mu l by move=> lM; rewrite ltW // lamp // ltnS ltnW // ltnS ltnW.
have xk : x ^+ M.+3 = 2 ^+ M.+2 * k ^+ 2 * z * \prod_(l < M) mu l.
  rewrite xE /x_power kE /z (prod_ends (isT : (0 < L)%N)) /= big_ord_recl /= [2 ^+ M.+3]exprSr /mu.
  rewrite (eq_bigr (fun l : 'I_M => lam l.+2)) //.
  by move: (2 ^+ M.+2) (lam 0%N) (lam 1%N) (lam M.+2) n%:R (\prod_(l < M) _) => a p q r t u; ring.
pose g1 l := gain1 (W l) (F l) (W l.+1); pose g2 l := gain2 (W l) (F l) (W l.+1).
have v1 := values (s := fun l => s1 (W l) (F l)) (g := g1) (fun l => gain1E (W l) (F l) (W l.+1)) M.
have v2 := values (s := fun l => s2 (W l) (F l)) (g := g2) (fun l => gain2E (W l) (F l) (W l.+1)) M.
have first : k * (s1 (W 0%N) X + s2 (W 0%N) X) <= n%:R * lam 0%N / 2 * sq X + lam 1%N / 2 * sq (W 0%N).
  rewrite s_sum; have := nuclear2 (W 0%N) X; have t0 : 0 <= total (W 0%N) X by rewrite sqrtr_ge0.
  move: (total _ X) t0 (sq_ge0 X) (sq_ge0 (W 0%N)); move: (sq X) (sq (W 0%N)) => a b t t0 a0 b0 h.
  rewrite -(ler_pexpn2r (_ : 0 < 2)%N) ?nnegrE //; first last.
  - by apply: addr_ge0; apply: mulr_ge0 => //; apply: divr_ge0; rewrite ?ler0n ?mulr_ge0 ?(ltW nr) ?(ltW l0) ?(ltW l1).
  - exact: mulr_ge0.
  apply: le_trans (_ : k ^+ 2 * (b * a) <= _).
    by rewrite exprMn ler_wpmul2l ?sqr_ge0.
  rewrite kE -subr_ge0; move: (lam 0%N) (lam 1%N) n%:R => p q r.
  have -> : (r * p / 2 * a + q / 2 * b) ^+ 2 - r * p * q * (b * a) = ((r * p * a - q * b) / 2) ^+ 2 by field.
  exact: sqr_ge0.
have later : \sum_(l < M) mu l / 2 * g1 l + \sum_(l < M) mu l / 2 * g2 l <= \sum_(l < M) mu l / 2 * sq (W l.+1).
  rewrite -big_split /=; apply: ler_sum => l _; rewrite -mulrDr ler_wpmul2l ?gains //.
  by rewrite divr_ge0 ?ler0n // mu0.
have last : z / 4 * ((s1 (W M) (F M) ^+ 2 + z)^-1 + (s2 (W M) (F M) ^+ 2 + z)^-1) <=
    4^-1 * sq (WL th *m F M.+1 - 1%:M) + lam L / 2 * sq (WL th).
  have := trace_bound (W M) (F M) (WL th) zp; move: (sq (WL th *m _ - 1%:M)) (sq (WL th)) (_ + _) => a b t h.
  have -> : z / 4 * t = 4^-1 * (z * t) by ring.
  have -> : 4^-1 * a + lam L / 2 * b = 4^-1 * (a + z * b) by rewrite /z; field.
  by rewrite ler_wpmul2l // invr_ge0 ler0n.
have [r1 r1p h1] := share k0 zp x0 (s1_ge0 (W 0%N) X) mu0 (fun l => gain1_ge0 (W l) (F l) (W l.+1)) v1 xk.
have [r2 r2p h2] := share k0 zp x0 (s2_ge0 (W 0%N) X) mu0 (fun l => gain2_ge0 (W l) (F l) (W l.+1)) v2 xk.
have bound : dnc_curve L.+1 x r1 / 2 + dnc_curve L.+1 x r2 / 2 <= one_sample lam th X.
  apply: le_trans (ler_add h1 h2) _; move: first later last.
  set a1 := \sum_(l < M) mu l / 2 * g1 l; set a2 := \sum_(l < M) mu l / 2 * g2 l.
  rewrite -/a1 -/a2; clearbody a1 a2; rewrite /one_sample big_ord_recl /= -/(W 0%N).
  have -> : (2 * 2%:R)^-1 = 4^-1 :> R by field.
  rewrite (eq_bigr (fun l : 'I_M => mu l / 2 * sq (W l.+1))) // -/(F M.+1).
  move: (\sum_(l < M) _ / 2 * sq _) (4^-1 * sq _) (lam L / 2 * sq _) (_ * sq X) (_ * sq (W 0%N)) => e1 e2 e3 e4 e5.
  move=> p1 p2 p3; apply: le_trans (le_trans (ler_add (ler_add p1 p2) p3) _); apply: eqW; last by ring.
  move: {p1 p2 p3 h1 h2 v1 v2 r1p r2p} ((s1 (W M) (F M) ^+ 2 + z)^-1) ((s2 (W M) (F M) ^+ 2 + z)^-1).
  by move: (s1 (W 0%N) X) (s2 (W 0%N) X) => u v p q; ring.
have [le12|le21] := lerP (dnc_curve L.+1 x r1) (dnc_curve L.+1 x r2).
  exists r1 => //; apply: le_trans bound; rewrite -mulrDl ler_pdivl_mulr ?ltr0n // mulrDr mulr1.
  by rewrite ler_add2l.
exists r2 => //; apply: le_trans bound; rewrite -mulrDl ler_pdivl_mulr ?ltr0n // mulrDr mulr1.
by rewrite ler_add2r ltW.
Qed.
End Sample.

Theorem two_classes (R : rcfType) (L n : nat) (d : nat -> nat) (lam : nat -> R) :
  (2 <= L)%N -> (1 <= n)%N -> (forall l, (l < L)%N -> (2 <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  dnc_optimal 2 L n d lam.
Proof.
move=> L2 n0 Kd lamp th.
have P : 0 <= x_power 2 L n lam by apply: ltW; apply: power_gt0.
have [x x0 xE] := @root_exists R L.+1 _ isT P.
have [D dnc best] := best_dnc (isT : (0 < 2)%N) n0 L2 Kd lamp x0 xE; exists D => //.
case: L L2 Kd lamp th {P} xE D dnc best => [|[|M]] // _ Kd lamp th xE D dnc best.
apply: (loss_ge_sample (isT : (0 < 2)%N) n0) => X.
by have [s s0] := two_sample n0 lamp x0 xE th X; apply: le_trans; apply: best.
Qed.
