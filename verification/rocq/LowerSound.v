(* What a certificate of kind "lower" that `check_lower` accepts says of every network: first for one sample a class and equal
   strengths, then for all. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better LowerBound AllWeights ModelFacts Balance.
From Dufm Require Import Integer Fraction ZTest Samples Spectral Eigen Pieces Cubic Boxes CheckLower.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section First.
Variables (R : rcfType) (m d K : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, K)).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Variables (Q : 'M[R]_K) (l : 'I_K -> R).
Hypotheses (hQ : orthogonal Q) (hA : F^T *m F = fn Q l).
Lemma relu_ge0 i j : 0 <= F i j. Proof. by rewrite mxE le_maxr lexx. Qed.
Lemma first_values a b : 0 <= b -> (forall y, y \in values l -> y * (a - b * y) ^+ 2 <= 1) ->
  \sum_(y <- values l) 2 * (y * (a - b * y)) <= sq W + sq X.
Proof.
move=> b0 h; pose p i := a - b * l i.
have short := fn_short hQ hA (f := p) (mem_values h).
have := z_test (line_neg hQ hA a b0 relu_ge0) short; rewrite fnT (line_tr hQ hA) => h1; apply: le_trans h1.
by rewrite (sum_values l (fun y => 2 * (y * (a - b * y)))) -mulr_sumr.
Qed.
Lemma first_top y : y \in values l -> 4 * y <= (sq W + sq X) ^+ 2.
Proof.
move=> ys; have y1 : y <= sq F.
  have -> : sq F = \sum_(z <- values l) z by rewrite (sum_values l (fun z => z)) sq_gram hA (fn_tr hQ).
  rewrite (big_rem y ys) /= ler_addl big_seq sumr_ge0 // => z /mem_rem zs; exact: (values_ge0 hQ hA zs).
apply: le_trans (_ : 4 * (sq W * sq X) <= _).
  by rewrite ler_pmul2l ?ltr0n // (le_trans y1) // (le_trans (relu_sq _)) // sq_mul.
rewrite -subr_ge0; have -> : (sq W + sq X) ^+ 2 - 4 * (sq W * sq X) = (sq W - sq X) ^+ 2 by ring.
exact: sqr_ge0.
Qed.
End First.

Section Sample.
Variables (R : rcfType) (c : lower).
Hypothesis ok : check_lower c.
Notation sq := (@sqnorm R _ _).
Notation K := (lK c).
Notation L := (lL c).
Notation x := (fR R (lx c)).
Notation value := (fR R (lvalue c)).

Lemma lower_facts : [/\ (1 < K)%N, (L = 2 \/ L = 3)%N, 0 <= x, fok R (lx c) & 0 < value /\ fok R (lvalue c)].
Proof.
move: ok; case: c => K1 L1 x1 v1 bits t /= /and5P [/andP [K2 L23] /(zR_le R) xn /(zR_lt R) xd /(fpos_R R) [vp vk] _].
by split=> //; [case/orP: L23 => /eqP ->; [left | right] | rewrite divr_ge0 // ltW].
Qed.

Let N := zpow (Zpos (xO xH)) (lbits c).
Let X' := up N (lx c).
Let wanted := up N (lvalue c).
Let top := up N (fpow (fmul (lvalue c) half) 2).
Let nu : R := zR R N.
Let N0 : Z.ltb 0 N.
Proof. by rewrite /N; elim: (lbits c) => // k /Z.ltb_lt h; apply/Z.ltb_lt/Z.mul_pos_pos. Qed.
Let nu0 : 0 < nu. Proof. exact: (zR_lt R N0). Qed.
Lemma lower_checks : [/\ upto N (lx c) X', upto N (lvalue c) wanted, upto N (fpow (fmul (lvalue c) half) 2) top, Z.leb 0 X' &
  covers K (leaf_ok K L N X' wanted) [:: (Z0, top)] (lboxes c)].
Proof. by rewrite /top /wanted /X' /N; move: ok; case: c => ? ? ? ? ? ? /= /and5P [_ _ _ _ /and5P [-> -> -> -> ->]]. Qed.
Lemma uptoP y z : fok R y -> upto N y z -> fR R y <= zR R z / nu.
Proof.
by move=> yk /(zR_le R); rewrite !zRM => h; rewrite /fR ler_pdivr_mulr // mulrAC ler_pdivl_mulr.
Qed.

(* what the layers after the first features F cost at least *)
Definition later d (F : 'M[R]_(d, K)) g :=
  (L = 2%N /\ last_pays F x g) \/
  (L = 3%N /\ exists m (W : 'M[R]_(m, d)) h, [/\ 0 <= h, g = sq W + h & last_pays (relu (W *m F)) x h]).
Lemma later_ge0 d (F : 'M[R]_(d, K)) g : later F g -> 0 <= g.
Proof.
case=> [[_ h]|[_ [m [W [h [h0 -> _]]]]]]; last by rewrite addr_ge0 ?sq_ge0.
by have := h 0; rewrite mul0mx mxtrace0 !sq0 !mulr0 !subr0.
Qed.

Lemma spectrum m d (W : 'M[R]_(m, d)) (X : 'M[R]_(d, K)) g : later (relu (W *m X)) g -> value <= sq W + sq X + g.
Proof.
move=> lt; have g0 := later_ge0 lt; set F := relu _ in lt.
have [Q [l [hQ hA]]] := diagonal F; pose s := values l.
have [K1 L23 x0 xk [vp vk]] := lower_facts.
have [hX hw ht X0 cov] := lower_checks.
have sK : seq.size s = K := size_values l; have order := sorted_values l.
have T0 : 0 <= sq W + sq X by rewrite addr_ge0 ?sq_ge0.
have xX : x <= zR R X' / nu := uptoP xk hX.
have vw : value * nu <= zR R wanted by rewrite -ler_pdivl_mulr // uptoP.
have [/allP low|/allPn [y ys yt]] := boolP (all (fun y => nu * y <= zR R top) s); last first.
  have h4 := first_top hQ hA ys; move: yt; rewrite -ltNge => yt.
  have tk : fok R (fpow (fmul (lvalue c) half) 2) by apply: fok_pow; apply: fok_mul => //; apply: fok_half.
  have := uptoP tk ht; rewrite fR_pow fR_mul fR_half => h.
  have {yt h} h : (value * 2^-1) ^+ 2 < y by apply: le_lt_trans h _; rewrite ltr_pdivr_mulr // mulrC.
  apply: le_trans (_ : sq W + sq X <= _); last by rewrite ler_addl.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?(ltW vp) //; apply: le_trans h4.
  rewrite (_ : value ^+ 2 = 4 * (value * 2^-1) ^+ 2); last by field.
  by rewrite ler_pmul2l ?ltr0n // ltW.
have inside : within nu s [:: (Z0, top)].
  move=> j js; have -> : box [:: (Z0, top)] j = (Z0, top) by case: j js => [|[|j]] js //; rewrite /box nth_default.
  by rewrite /= mulr_ge0 ?(ltW nu0) ?low ?mem_nth //; apply: (values_ge0 hQ hA); apply: mem_nth.
rewrite -sK in cov; apply: (coversP nu0 order _ cov inside) => known lines least leaf w.
rewrite sK in leaf.
have small : L = 2%N -> forall y, y \in s -> 0 < y + zR R X' / nu.
  move=> L2 y ys; have X0' : 0 <= zR R X' / nu by rewrite (le_trans x0).
  have y0 : 0 <= y := values_ge0 hQ hA ys.
  rewrite lt_def addr_ge0 // andbT; apply/negP; rewrite paddr_eq0 // => /andP [/eqP y_ /eqP X_].
  case: lt => [[_ lt]|[]]; last by rewrite L2.
  have := last_values hQ hA (last_more xX lt) (fun z => if z == 0 then g + 1 else 0).
  rewrite X_ (big_rem 0) /=; last by rewrite -y_.
  rewrite eqxx addr0 mul0r subr0 => h; have := le_trans _ h; move=> /(_ (2 * (g + 1))).
  rewrite ler_addl big_seq sumr_ge0 => [/(_ isT)|z _].
    rewrite leNgt => /negP; apply; apply: lt_le_trans (_ : g + 1 <= _); first by rewrite ltr_addl ltr01.
    by rewrite -[X in X <= _]mul1r ler_wpmul2r ?addr_ge0 ?ler01 // ler1n.
  case: eqP => [->|_]; last by rewrite mulr0 expr0n mulr0 subr0.
  by rewrite addr0 mul0r subr0 mulr_ge0 ?ler0n // addr_ge0 ?ler01.
have [_ b0 b0' gentle [D0 total]] := leafP N0 sK leaf w small.
have {total vw} total : value <= \sum_(y <- s) cost L N X' lines y.
  by rewrite -(ler_pmul2r nu0) (le_trans vw) // [X in _ <= X]mulrC.
have h1 : \sum_(y <- s) 2 * (y * lineR N (line1 lines) y) <= sq W + sq X.
  by apply: (first_values hQ hA) => //; rewrite divr_ge0 // ltW.
apply: le_trans total _; rewrite /cost; case: lt => [[L2 lp]|[L3 [m2 [W2 [h [h0 -> lp]]]]]].
  rewrite L2 big_split /=; apply: ler_add => //.
  apply: le_trans (last_values hQ hA (last_more xX lp) (fun y => (y + zR R X' / nu)^-1)); apply: eqW.
  apply: eq_big_seq => y /(small L2) yp; move: (zR R X' / nu) yp => z yp; field; exact: lt0r_neq0.
rewrite L3 big_split /=; apply: ler_add => //.
have q0 : 0 <= zR R (line2 lines).2 / nu by rewrite divr_ge0 ?b0' // ltW.
exact: (middle_values hQ hA q0 (le_trans x0 xX) (@relu_ge0 _ _ _ _ W X) (last_more xX lp) (D0 L3)).
Qed.
End Sample.
