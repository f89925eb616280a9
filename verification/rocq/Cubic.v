(* Three layers: the least value of 2 l p(l) + 2 sqrt(d) - x d, d = 2 q - q^2 l, on a piece [u, v], in integers over N as in
   Pieces.v. For w <= sqrt(d) <= r it is at least 2 l p + (2/(r + w) - x) d + 2 r w/(r + w), since (sqrt(d) - w) (r - sqrt(d))
   >= 0: a cubic, which is at least the least of its four Bernstein coefficients. So are w and r found and checked. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer Pieces.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Local Notation "x *z y" := (Z.mul x y) (at level 40, left associativity).
Local Notation "x +z y" := (Z.add x y) (at level 50, left associativity).
Local Notation "x -z y" := (Z.sub x y) (at level 50, left associativity).
Local Notation zn n := (Z.of_nat n).

Record cubic := Cubic { c0 : Z; c1 : Z; c2 : Z; c3 : Z }.
Definition at3 (c : cubic) z := c0 c +z z *z (c1 c +z z *z (c2 c +z z *z c3 c)).
Definition slope3 (c : cubic) z := c1 c +z z *z (zn 2 *z c2 c +z z *z (zn 3 *z c3 c)).
(* three times the Bernstein coefficients on [u, v] *)
Definition bernstein (c : cubic) u v : seq Z := let h := v -z u in
  let fu := zn 3 *z at3 c u in let fv := zn 3 *z at3 c v in
  [:: fu; fu +z h *z slope3 c u; fv -z h *z slope3 c v; fv].
Definition zleast (s : seq Z) := if s is x :: r then foldr Z.min x r else Z0.
Definition zmost (s : seq Z) := if s is x :: r then foldr Z.max x r else Z0.

(* d, times N^5 *)
Definition price (N : Z) (q : line) : cubic :=
  let: (e, g) := q in let E := e *z N in let k := zn 2 *z (N *z N *z N) in
  Cubic (k *z E) (Z.opp (k *z g +z E *z E)) (zn 2 *z E *z g) (Z.opp (g *z g)).

(* what must be >= 0, for w <= N sqrt(d) <= r *)
Definition rest (N X : Z) (p : line) (d : cubic) (w r t : Z) : cubic :=
  let: (a, b) := p in let s := r +z w in let N3 := N *z N *z N in let N5 := N3 *z N *z N in
  let o := zn 2 *z (N *z N) -z X *z s in let m := zn 2 *z (N3 *z s) in
  Cubic (zn 2 *z r *z w *z N5 -z t *z N5 *z s +z o *z c0 d) (m *z (a *z N) +z o *z c1 d)
    (o *z c2 d -z m *z b) (o *z c3 d).
Definition above3_by (N X : Z) (p : line) (d : cubic) (lo hi k w r t u v : Z) : bool :=
  [&& Z.leb 0 lo, Z.leb (k *z (w *z w)) lo & Z.leb hi (k *z (r *z r))] &&
  [&& Z.leb 0 w, Z.ltb 0 r & Z.leb 0 (zleast (bernstein (rest N X p d w r t) u v))].
Definition above3 (N X : Z) (p q : line) (t u v : Z) : bool :=
  let d := price N q in let bs := bernstein d u v in
  let lo := zleast bs in let hi := zmost bs in let k := zn 3 *z (N *z N *z N) in
  above3_by N X p d lo hi k (Z.sqrt (Z.div lo k)) (Z.sqrt (Z.div hi k) +z zn 1) t u v.

Local Open Scope ring_scope.

Section Sound.
Variable R : rcfType.
Notation zR := (@zR R).
Definition cR (c : cubic) (z : R) := zR (c0 c) + zR (c1 c) * z + zR (c2 c) * z ^+ 2 + zR (c3 c) * z ^+ 3.

Lemma zleastP s x : x \in s -> zR (zleast s) <= zR x.
Proof.
have h r y : zR (foldr Z.min y r) <= zR y /\ forall i, i \in r -> zR (foldr Z.min y r) <= zR i.
  elim: r => [|z r [h1 h2]] /=; first by split.
  have l1 : zR (Z.min z (foldr Z.min y r)) <= zR z by apply: zR_le; apply/Z.leb_le/Z.le_min_l.
  have l2 : zR (Z.min z (foldr Z.min y r)) <= zR (foldr Z.min y r) by apply: zR_le; apply/Z.leb_le/Z.le_min_r.
  split=> [|i]; first exact: le_trans h1.
  by rewrite inE => /orP [/eqP -> //|/h2]; apply: le_trans.
by case: s => //= y r; have [h1 h2] := h r y; rewrite inE => /orP [/eqP -> //|/h2].
Qed.
Lemma zmostP s x : x \in s -> zR x <= zR (zmost s).
Proof.
have h r y : zR y <= zR (foldr Z.max y r) /\ forall i, i \in r -> zR i <= zR (foldr Z.max y r).
  elim: r => [|z r [h1 h2]] /=; first by split.
  have l1 : zR z <= zR (Z.max z (foldr Z.max y r)) by apply: zR_le; apply/Z.leb_le/Z.le_max_l.
  have l2 : zR (foldr Z.max y r) <= zR (Z.max z (foldr Z.max y r)) by apply: zR_le; apply/Z.leb_le/Z.le_max_r.
  split=> [|i]; first exact: le_trans l2.
  by rewrite inE => /orP [/eqP -> //|/h2 h3]; apply: le_trans l2.
by case: s => //= y r; have [h1 h2] := h r y; rewrite inE => /orP [/eqP -> //|/h2].
Qed.

Lemma at3E c z : zR (at3 c z) = cR c (zR z).
Proof. by rewrite /at3 /cR !(zRD, zRM); ring. Qed.
Lemma bernstein_ge c u v (s M z : R) : (forall x, x \in bernstein c u v -> M <= s * zR x) -> zR u <= z <= zR v ->
  M <= s * (3 * cR c z).
Proof.
move=> h /andP [uz zv].
have hm i : (i < size (bernstein c u v))%N -> M <= s * zR (nth Z0 (bernstein c u v) i) by move=> i4; apply/h/mem_nth.
move: (hm 0%N isT) (hm 1%N isT) (hm 2%N isT) (hm 3%N isT).
rewrite /nth /bernstein !(at3E, zRD, zRB, zRM, zR_nat) {h hm}.
have [uv|vu] := ltrP (zR u) (zR v); last first.
  by have -> : z = zR u by apply/eqP; rewrite eq_le uz (le_trans zv vu).
move=> h0 h1 h2 h3; have hp : 0 < (zR v - zR u) ^+ 3 by rewrite exprn_gt0 // subr_gt0.
have vz : 0 <= zR v - z by rewrite subr_ge0.
have zu : 0 <= z - zR u by rewrite subr_ge0.
rewrite -subr_ge0 -(pmulr_rge0 _ hp).
have p0 : 0 <= (zR v - z) ^+ 3 by rewrite exprn_ge0.
have p1 : 0 <= 3 * ((z - zR u) * (zR v - z) ^+ 2) by rewrite mulr_ge0 ?ler0n // mulr_ge0 ?sqr_ge0.
have p2 : 0 <= 3 * ((z - zR u) ^+ 2 * (zR v - z)) by rewrite mulr_ge0 ?ler0n // mulr_ge0 ?sqr_ge0.
have p3 : 0 <= (z - zR u) ^+ 3 by rewrite exprn_ge0.
move: h0 h1 h2 h3; rewrite -![M <= _]subr_ge0 => h0 h1 h2 h3.
have := addr_ge0 (addr_ge0 (mulr_ge0 p0 h0) (mulr_ge0 p1 h1)) (addr_ge0 (mulr_ge0 p2 h2) (mulr_ge0 p3 h3)).
congr (_ <= _); rewrite /cR; move: (zR u) (zR v) (zR (c0 c)) (zR (c1 c)) (zR (c2 c)) (zR (c3 c)) => *; ring.
Qed.
Lemma leastP c u v z : zR u <= z <= zR v -> zR (zleast (bernstein c u v)) <= 3 * cR c z.
Proof. by move=> h; rewrite -[X in _ <= X]mul1r (bernstein_ge _ h) // => x; rewrite mul1r; apply: zleastP. Qed.
Lemma mostP c u v z : zR u <= z <= zR v -> 3 * cR c z <= zR (zmost (bernstein c u v)).
Proof.
move=> h; rewrite -ler_opp2 -[X in _ <= X]mulN1r (bernstein_ge _ h) // => x; rewrite mulN1r ler_opp2; exact: zmostP.
Qed.

(* d, times N^5 *)
Lemma priceE N e g z : cR (price N (e, g)) z =
  (zR e * zR N - zR g * z) * (2 * zR N ^+ 3 - (zR e * zR N - zR g * z) * z).
Proof. by rewrite /cR /price !(zRN, zRD, zRM, zR_nat); ring. Qed.

Lemma above3P N X a b q t u v z : Z.ltb 0 N -> above3 N X (a, b) q t u v -> zR u <= z <= zR v ->
  let d := cR (price N q) z / zR N ^+ 5 in
  0 <= d /\ zR t <= 2 * z * (zR a * zR N - zR b * z) / zR N ^+ 2 + zR N * (2 * Num.sqrt d) - zR X * d.
Proof.
move=> /(zR_lt R) Np; rewrite zR0 in Np; rewrite /above3; move: (price N q) => D.
set lo := zleast _; set hi := zmost _; move: (Z.sqrt _) (Z.add _ _) => w r.
move=> ok uzv; move: ok; rewrite /above3_by => /andP [/and3P [lo0 wlo hir] /and3P [w0 r0 f0]].
move: lo0 wlo hir w0 r0 f0 => /(zR_le R) lo0 /(zR_le R) wlo /(zR_le R) hir /(zR_le R) w0 /(zR_lt R) r0 /(zR_le R) f0.
cbv zeta; set d := cR D z / _.
rewrite zR0 in lo0 w0 r0 f0.
have N5 : 0 < zR N ^+ 5 by rewrite exprn_gt0.
have h1 := leastP D uzv; have h2 := mostP D uzv; rewrite -/lo -/hi in h1 h2.
have {f0} f0 := le_trans f0 (leastP _ uzv).
move: wlo hir; rewrite !(zRM, zR_nat) => wlo hir.
have N3 : 0 < zR N ^+ 3 by rewrite exprn_gt0.
have dE : cR D z = zR N ^+ 5 * d by rewrite /d mulrC divfK ?gt_eqF.
have d0 : 0 <= d by rewrite -(pmulr_rge0 _ N5) -dE -(pmulr_rge0 _ (_ : 0 < 3)) ?ltr0n // (le_trans lo0).
split=> //; set y := Num.sqrt d; have y0 : 0 <= y by rewrite sqrtr_ge0.
have dy : d = y ^+ 2 by rewrite sqr_sqrtr.
have wy : zR w <= zR N * y.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?(ltW Np) // -(ler_pmul2l (_ : 0 < 3 * zR N ^+ 3)) ?mulr_gt0 ?ltr0n //.
  apply: le_trans (_ : zR lo <= _); first by apply: le_trans wlo; apply: eqW; ring.
  by apply: le_trans h1 _; rewrite dE dy; apply: eqW; ring.
have yr : zR N * y <= zR r.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?(ltW Np) ?(ltW r0) // -(ler_pmul2l (_ : 0 < 3 * zR N ^+ 3)) ?mulr_gt0 ?ltr0n //.
  apply: le_trans (_ : zR hi <= _); last by apply: le_trans hir _; apply: eqW; ring.
  by apply: le_trans h2; rewrite dE dy; apply: eqW; ring.
have wr : 0 < zR r + zR w by rewrite ltr_paddr.
have {f0} f0 : 0 <= zR N ^+ 5 * (2 * zR r * zR w - zR t * (zR r + zR w) + (2 * zR N ^+ 2 - zR X * (zR r + zR w)) * y ^+ 2)
    + 2 * zR N ^+ 3 * (zR r + zR w) * (z * (zR a * zR N - zR b * z)).
  rewrite -(pmulr_rge0 _ (_ : 0 < 3)) ?ltr0n //; apply: le_trans f0 _; apply: eqW; congr (_ * _).
  rewrite {1}/cR !(zRB, zRN, zRD, zRM, zR_nat); rewrite /cR in dE; rewrite -dy.
  move: dE; move: (zR (c0 D)) (zR (c1 D)) (zR (c2 D)) (zR (c3 D)) (zR r) (zR w) (d) => A0 A1 A2 A3 r' w' d' dE.
  have -> : zR N ^+ 5 * (2 * r' * w' - zR t * (r' + w') + (2 * zR N ^+ 2 - zR X * (r' + w')) * d') =
    zR N ^+ 5 * (2 * r' * w' - zR t * (r' + w')) + (2 * zR N ^+ 2 - zR X * (r' + w')) * (zR N ^+ 5 * d') by ring.
  by rewrite -dE; ring.
have h3 : 0 <= 2 * zR N ^+ 5 * ((zR N * y - zR w) * (zR r - zR N * y)).
  by apply: mulr_ge0 (mulr_ge0 (ler0n _ _) (ltW N5)) (mulr_ge0 _ _); rewrite subr_ge0.
rewrite -subr_ge0 -(pmulr_rge0 _ (mulr_gt0 N5 wr)); apply: le_trans (addr_ge0 f0 h3) _; apply: eqW.
by rewrite dy; field; exact: lt0r_neq0.
Qed.
End Sound.
