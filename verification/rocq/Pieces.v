(* The least value of what an eigenvalue costs, on an interval, in integers: l, x and the lines p = a - b l, q = e - g l are
   z, X, (a, b), (e, g) over N. Every test below is an inequality at the ends of a piece [u, v], that holds between too. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Definition line := (Z * Z)%type.
Local Notation "x *z y" := (Z.mul x y) (at level 40, left associativity).
Local Notation "x +z y" := (Z.add x y) (at level 50, left associativity).
Local Notation "x -z y" := (Z.sub x y) (at level 50, left associativity).
Local Notation zn n := (Z.of_nat n).

(* l p(l)^2 <= 1 on [u, v]: it turns at a / (3 b) *)
Definition gentle (N u v : Z) (p : line) : bool :=
  let: (a, b) := p in
  let at_ t := Z.leb (t *z zpow (a *z N -z b *z t) 2) (zpow N 5) in
  [&& at_ u, at_ v & (Z.ltb (zn 3 *z b *z u) (a *z N) && Z.ltb (a *z N) (zn 3 *z b *z v)) ==>
    Z.leb (zn 4 *z zpow a 3) (zn 27 *z b *z zpow N 2)].

(* two layers: t / N <= 2 l p(l) + 1 / (l + x), by a tangent or at the right end *)
Definition above2 (N X : Z) (p : line) (t u v : Z) : bool :=
  let: (a, b) := p in let m := u +z v +z zn 2 *z X in let N2 := N *z N in let N4 := N2 *z N2 in
  let at_ z := zn 2 *z z *z (a *z N -z b *z z) in let s := t *z N2 in
  let low z := Z.leb ((s -z at_ z) *z (m *z m)) (zn 4 *z N4 *z (m -z z -z X)) in
  let right z := Z.leb ((s -z at_ z) *z (v +z X)) N4 in
  [&& Z.ltb 0 m, low u & low v] || right u && right v.

(* a test on a piece, or on its halves; `if`, since the kernel computes both sides of && and || *)
Fixpoint everywhere (test : Z -> Z -> bool) (fuel : nat) (u v : Z) : bool :=
  if test u v then true else if fuel is f.+1 then
    let m := Z.div2 (u +z v) in if everywhere test f u m then everywhere test f m v else false
  else false.

Local Open Scope ring_scope.

Section Everywhere.
Variable R : rcfType.
Notation zR := (@zR R).
Lemma everywhereP (P : R -> Prop) (test : Z -> Z -> bool) : (forall u v, test u v -> forall z, zR u <= z <= zR v -> P z) ->
  forall fuel u v, everywhere test fuel u v -> forall z, zR u <= z <= zR v -> P z.
Proof.
move=> h; elim=> [|f IH] u v /=; case: ifP => [/h //|_] //.
set m := Z.div2 _; case: ifP => // h1 h2 z /andP [uz zv]; have [zm|mz] := lerP z (zR m).
  by apply: (IH _ _ h1); rewrite uz.
by apply: (IH _ _ h2); rewrite (ltW mz).
Qed.

End Everywhere.
Arguments everywhere : simpl never.

Section Sound.
Variable R : rcfType.
Notation zR := (@zR R).
(* t (A - b t)^2 <= C *)
Lemma gentle_real (A b C u v z : R) : 0 <= A -> 0 <= b -> 0 <= u -> u <= z -> z <= v ->
  u * (A - b * u) ^+ 2 <= C -> v * (A - b * v) ^+ 2 <= C -> (3 * b * u < A -> A < 3 * b * v -> 4 * A ^+ 3 <= 27 * b * C) ->
  z * (A - b * z) ^+ 2 <= C.
Proof.
move=> A0 b0 u0 uz zv hu hv turn; have z0 := le_trans u0 uz; have v0 := le_trans z0 zv.
have [bz|bn] := eqVneq b 0.
  by apply: le_trans hv; rewrite bz !mul0r !subr0 ler_wpmul2r ?sqr_ge0.
have bp : 0 < b by rewrite lt_def bn.
pose s := A / (3 * b); have b3 : 0 < 3 * b by rewrite mulr_gt0 ?ltr0n.
have AE : A = 3 * b * s by rewrite /s mulrC divfK ?gt_eqF.
have s0 : 0 <= s by rewrite divr_ge0 // ltW.
have hE t : t * (A - b * t) ^+ 2 = b ^+ 2 * (t * (3 * s - t) ^+ 2) by rewrite AE; ring.
have b2 : 0 <= b ^+ 2 := sqr_ge0 _.
(* the difference of two values *)
have dE x y : y * (3 * s - y) ^+ 2 - x * (3 * s - x) ^+ 2 = (y - x) * ((3 * s - x - y) ^+ 2 - x * y) by ring.
have sq_le (x y : R) : 0 <= y -> - y <= x -> x <= y -> x ^+ 2 <= y ^+ 2.
  move=> y0 h1 h2; rewrite -[x ^+ 2]real_normK ?num_real // ler_expn2r ?nnegrE ?normr_ge0 //.
  by rewrite ler_norml h1.
have up x y : 0 <= x -> x <= y -> y <= s -> x * (3 * s - x) ^+ 2 <= y * (3 * s - y) ^+ 2.
  move=> x0 xy ys; rewrite -subr_ge0 dE mulr_ge0 ?subr_ge0 //; apply: le_trans (_ : s ^+ 2 <= _).
    by rewrite expr2 ler_pmul // ?(le_trans x0) // (le_trans xy).
  have h : s <= 3 * s - x - y.
    rewrite -subr_ge0 (_ : _ - _ = (s - x) + (s - y)); last by ring.
    by rewrite addr_ge0 ?subr_ge0 // (le_trans xy).
  by rewrite ler_expn2r ?nnegrE ?(le_trans s0 h).
have down x y : s <= x -> x <= y -> y <= 3 * s -> y * (3 * s - y) ^+ 2 <= x * (3 * s - x) ^+ 2.
  move=> sx xy ys; have x0 := le_trans s0 sx; have y0 := le_trans x0 xy.
  rewrite -subr_le0 dE mulr_ge0_le0 ?subr_ge0 // subr_le0; apply: le_trans (_ : x ^+ 2 <= _); last first.
    by rewrite expr2 ler_wpmul2l.
  apply: sq_le => //; rewrite -subr_ge0.
    have -> : 3 * s - x - y - - x = 3 * s - y by ring.
    by rewrite subr_ge0.
  have -> : x - (3 * s - x - y) = 2 * (x - s) + (y - s) by ring.
  by rewrite addr_ge0 ?mulr_ge0 ?ler0n ?subr_ge0 // (le_trans sx).
have end_ x y : 3 * s <= x -> x <= y -> x * (3 * s - x) ^+ 2 <= y * (3 * s - y) ^+ 2.
  move=> sx xy; have s3 : 0 <= 3 * s by rewrite mulr_ge0 ?ler0n.
  have x0 := le_trans s3 sx.
  rewrite ler_pmul ?sqr_ge0 // -[X in X <= _]sqrrN -[X in _ <= X]sqrrN !opprB ler_expn2r ?nnegrE ?subr_ge0 //.
    exact: le_trans xy.
  by rewrite ler_add2r.
rewrite hE in hu; rewrite hE in hv; rewrite hE.
have [zs|sz] := lerP z s.
  have [vs|sv] := lerP v s.
    by apply: le_trans hv; rewrite ler_wpmul2l // up.
  have [us|su] := lerP s u; first by have -> : z = u by apply/eqP; rewrite eq_le uz (le_trans zs us).
  have top : b ^+ 2 * (4 * s ^+ 3) <= C.
    have := turn; rewrite {1 2}AE !ltr_pmul2l // => /(_ su sv); rewrite AE => h.
    rewrite -(ler_pmul2l (_ : 0 < 27 * b)) ?mulr_gt0 ?ltr0n //; apply: le_trans h; apply: eqW; ring.
  apply: le_trans top; rewrite ler_wpmul2l //; apply: le_trans (up _ _ z0 zs (lexx _)) _.
  by apply: eqW; ring.
have [z3|z3] := lerP z (3 * s); last first.
  by apply: le_trans hv; rewrite ler_wpmul2l // end_ // ltW.
have [su|us] := lerP s u.
  by apply: le_trans hu; rewrite ler_wpmul2l // down.
have top : b ^+ 2 * (4 * s ^+ 3) <= C.
  have := turn; rewrite {1 2}AE !ltr_pmul2l // => /(_ us (lt_le_trans sz zv)); rewrite AE => h.
  rewrite -(ler_pmul2l (_ : 0 < 27 * b)) ?mulr_gt0 ?ltr0n //; apply: le_trans h; apply: eqW; ring.
apply: le_trans top; rewrite ler_wpmul2l //; apply: le_trans (down _ _ (lexx _) (ltW sz) z3) _.
by apply: eqW; ring.
Qed.

Lemma gentleP N u v a b z : Z.leb 0 a -> Z.leb 0 b -> Z.ltb 0 N -> Z.leb 0 u -> gentle N u v (a, b) -> zR u <= z <= zR v ->
  z * (zR a * zR N - zR b * z) ^+ 2 <= zR N ^+ 5.
Proof.
move=> /(zR_le R) a0 /(zR_le R) b0 /(zR_lt R) Np /(zR_le R) u0 /and3P [/(zR_le R) hu /(zR_le R) hv /implyP turn] /andP [uz zv].
rewrite zR0 in a0 b0 Np u0; move: hu hv; rewrite !(zRM, zRB, zR_pow) => hu hv.
apply: (gentle_real _ b0 u0 uz zv hu hv); first by rewrite mulr_ge0 // ltW.
move=> h1 h2; have {turn} : Z.leb (zn 4 *z zpow a 3) (zn 27 *z b *z zpow N 2).
  apply: turn; apply/andP; split.
    apply/Z.ltb_lt/Z.nle_gt => /Z.leb_le /(zR_le R); rewrite !(zRM, zR_nat) => h; have := le_lt_trans h h1.
    by rewrite ltxx.
  apply/Z.ltb_lt/Z.nle_gt => /Z.leb_le /(zR_le R); rewrite !(zRM, zR_nat) => h; have := le_lt_trans h h2.
  by rewrite ltxx.
move=> /(zR_le R); rewrite !(zRM, zR_nat, zR_pow) => h.
have := ler_wpmul2r (exprn_ge0 3 (ltW Np)) h; congr (_ <= _); ring.
Qed.

(* a concave parabola *)
Lemma parabola (c0 c1 c2 u v z : R) : 0 <= c2 -> u <= z -> z <= v ->
  0 <= c0 + c1 * u - c2 * u ^+ 2 -> 0 <= c0 + c1 * v - c2 * v ^+ 2 -> 0 <= c0 + c1 * z - c2 * z ^+ 2.
Proof.
move=> c20 uz zv hu hv; have [uv|vu] := ltrP u v; last first.
  by have -> : z = u by apply/eqP; rewrite eq_le uz (le_trans zv vu).
have h : 0 < v - u by rewrite subr_gt0.
rewrite -(pmulr_rge0 _ h); have -> : (v - u) * (c0 + c1 * z - c2 * z ^+ 2) = (v - z) * (c0 + c1 * u - c2 * u ^+ 2)
  + (z - u) * (c0 + c1 * v - c2 * v ^+ 2) + c2 * ((z - u) * (v - z) * (v - u)) by ring.
have zu0 : 0 <= z - u by rewrite subr_ge0.
have vz0 : 0 <= v - z by rewrite subr_ge0.
by rewrite addr_ge0 ?addr_ge0 ?(mulr_ge0 vz0) ?(mulr_ge0 zu0) // !mulr_ge0 // ltW.
Qed.

Lemma above2P N X a b t u v z : Z.leb 0 b -> Z.ltb 0 N -> 0 < z + zR X ->
  above2 N X (a, b) t u v -> zR u <= z <= zR v ->
  zR t <= 2 * z * (zR a * zR N - zR b * z) / zR N ^+ 2 + zR N ^+ 2 / (z + zR X).
Proof.
move=> /(zR_le R) b0 /(zR_lt R) Np zX ok /andP [uz zv]; rewrite zR0 in b0 Np.
have N2 : 0 < zR N ^+ 2 by rewrite exprn_gt0.
have vX : 0 < zR v + zR X by apply: lt_le_trans zX _; rewrite ler_add2r.
rewrite -(ler_pmul2r N2) mulrDl divfK ?gt_eqF //; case/orP: ok.
  set m : Z := (u +z v +z zn 2 *z X).
  case/and3P => /(zR_lt R) mp /(zR_le R) hu /(zR_le R) hv; rewrite zR0 in mp; move: hu hv; rewrite !(zRM, zRB, zR_nat) => hu hv.
  apply: le_trans (_ : 2 * z * (zR a * zR N - zR b * z) + 4 * zR N ^+ 4 * (zR m - z - zR X) / zR m ^+ 2 <= _); last first.
    rewrite ler_add2l ler_pdivr_mulr ?exprn_gt0 // [X in _ <= X](_ : _ = zR N ^+ 4 * (zR m ^+ 2 / (z + zR X))).
      2: by field; exact: lt0r_neq0.
    rewrite [X in X <= _](_ : _ = zR N ^+ 4 * (4 * (zR m - z - zR X))); last by ring.
    rewrite ler_wpmul2l ?exprn_ge0 ?(ltW Np) // ler_pdivl_mulr // -subr_ge0.
    rewrite (_ : _ - _ = (zR m - 2 * (z + zR X)) ^+ 2); [exact: sqr_ge0 | ring].
  have m2 : 0 < zR m ^+ 2 by rewrite exprn_gt0.
  rewrite -subr_ge0 -(pmulr_rge0 _ m2).
  pose c0 := 4 * zR N ^+ 4 * (zR m - zR X) - zR t * zR N ^+ 2 * zR m ^+ 2.
  pose c1 := 2 * zR a * zR N * zR m ^+ 2 - 4 * zR N ^+ 4.
  have eqn y : c0 + c1 * y - 2 * zR b * zR m ^+ 2 * y ^+ 2 = 4 * (zR N * zR N * (zR N * zR N)) * (zR m - y - zR X)
      - (zR t * (zR N * zR N) - 2 * y * (zR a * zR N - zR b * y)) * (zR m * zR m).
    by rewrite /c0 /c1; ring.
  rewrite [X in 0 <= X](_ : _ = c0 + c1 * z - 2 * zR b * zR m ^+ 2 * z ^+ 2); last first.
    rewrite eqn; field; exact: lt0r_neq0.
  apply: (parabola _ uz zv); rewrite ?eqn ?subr_ge0 //.
  exact: mulr_ge0 (mulr_ge0 (ler0n _ _) b0) (sqr_ge0 _).
case/andP => /(zR_le R) hu /(zR_le R) hv; move: hu hv; rewrite !(zRM, zRB, zRD, zR_nat) => hu hv.
apply: le_trans (_ : 2 * z * (zR a * zR N - zR b * z) + zR N ^+ 4 / (zR v + zR X) <= _); last first.
  rewrite ler_add2l -[zR N ^+ 2 / _ * _]mulrAC -exprD ler_wpmul2l ?exprn_ge0 ?(ltW Np) // lef_pinv ?posrE // ler_add2r //.
rewrite -subr_ge0 -(pmulr_rge0 _ vX).
pose c0 := zR N ^+ 4 - zR t * zR N ^+ 2 * (zR v + zR X).
have eqn y : c0 + 2 * zR a * zR N * (zR v + zR X) * y - 2 * zR b * (zR v + zR X) * y ^+ 2 =
   zR N * zR N * (zR N * zR N) - (zR t * (zR N * zR N) - 2 * y * (zR a * zR N - zR b * y)) * (zR v + zR X).
  by rewrite /c0; ring.
rewrite [X in 0 <= X](_ : _ = c0 + 2 * zR a * zR N * (zR v + zR X) * z - 2 * zR b * (zR v + zR X) * z ^+ 2); last first.
  rewrite eqn; field; exact: lt0r_neq0.
apply: (parabola _ uz zv); rewrite ?eqn ?subr_ge0 //.
by rewrite !mulr_ge0 ?ler0n // ltW.
Qed.
End Sound.
