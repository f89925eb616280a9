(* Certificates of kind "lower": bounds of every network of two or three layers from below, by eigenvalues. With f = 2K loss / x
   at equal strengths (at x = 0: squared norms of balanced factors with output I, f = (L + 1) C), f >= sum of c(l_i),

       L = 2:  c(l) = 2 l p(l) + 1/(l + x),        L = 3:  c(l) = 2 l p(l) + 2 sqrt(d) - x d,  d = 2 q - q^2 l >= 0,

   for lines p, q that may depend on the box of (l_1, l_2, ...), if l p(l)^2 <= 1 at all of them; and l_1 <= (f/2)^2. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer Fraction ZTest Samples Eigen Pieces Cubic Boxes.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Record lower := Lower { lK : nat; lL : nat; lx : frac; lvalue : frac; lbits : nat; lboxes : boxes }.

Definition halvings : nat := 40.   (* of a piece, at most *)
Definition above (L : nat) (N X : Z) (lines : seq line) (t u v : Z) : bool :=
  match L, lines with
  | 2, [:: p] => above2 N X p t u v
  | 3, [:: p; q] => above3 N X p q t u v
  | _, _ => false
  end.
Definition leaf_ok (K L : nat) (N X wanted : Z) known (lines : seq line) (least : seq Z) : bool :=
  let k := size known in let t j := nth Z0 least (minn j k) in
  [&& (0 < k)%N, ((L == 2) || (L == 3)) && (size lines == L.-1), all (fun l : line => Z.leb 0 l.1 && Z.leb 0 l.2) lines,
      all (fun j => let: (u, v) := box known j in
        [&& Z.leb 0 u, gentle N u v (head (Z0, Z0) lines) & everywhere (above L N X lines (t j)) halvings u v])
        (iota 0 (minn K k.+1)) & Z.leb wanted (zsum (mkseq t K))].

(* x, the value and (value / 2)^2 over N, rounded up *)
Definition up (N : Z) (x : frac) : Z := Z.opp (Z.div (Z.opp (Z.mul x.1 N)) x.2).
Definition upto (N : Z) (x : frac) (y : Z) : bool := Z.leb (Z.mul x.1 N) (Z.mul y x.2).
Definition check_lower (c : lower) : bool :=
  let: Lower K L x value bits tree := c in
  let N := zpow (Zpos (xO xH)) bits in let square := fpow (fmul value half) 2 in
  let X := up N x in let wanted := up N value in let top := up N square in
  [&& (1 < K)%N && ((L == 2) || (L == 3)), Z.leb 0 x.1, Z.ltb 0 x.2, fpos value &
   [&& upto N x X, upto N value wanted, upto N square top, Z.leb 0 X &
       covers K (leaf_ok K L N X wanted) [:: (Z0, top)] tree]].

Local Open Scope ring_scope.

Section Leaf.
Variables (R : rcfType) (K L : nat) (N X wanted : Z) (s : seq R).
Notation zR := (@zR R).
Hypotheses (K1 : (0 < K)%N) (Np : Z.ltb 0 N) (X0 : Z.leb 0 X) (sK : size s = K).
Hypotheses (order : sorted (fun a b => b <= a) s) (pos : forall y, y \in s -> 0 <= y).
Let nu := zR N.
Let N0 : 0 < nu. Proof. exact: (zR_lt R Np). Qed.
Definition lineR (p : line) (y : R) := zR p.1 / nu - zR p.2 / nu * y.
Definition dR (q : line) (y : R) := 2 * lineR q y - lineR q y ^+ 2 * y.

(* what the lines of a leaf show of eigenvalues in its box *)
Definition line1 (ls : seq line) := head (Z0, Z0) ls.
Definition line2 (ls : seq line) := nth (Z0, Z0) ls 1.
Definition cost2 (ls : seq line) (y : R) := 2 * (y * lineR (line1 ls) y) + (y + zR X / nu)^-1.
Definition cost3 (ls : seq line) (y : R) :=
  2 * (y * lineR (line1 ls) y) + (2 * Num.sqrt (dR (line2 ls) y) - zR X / nu * dR (line2 ls) y).
Definition cost ls := if L == 2%N then cost2 ls else cost3 ls.

Lemma gentle_line u v p y : Z.leb 0 p.1 && Z.leb 0 p.2 -> Z.leb 0 u -> gentle N u v p -> zR u <= nu * y <= zR v ->
  y * lineR p y ^+ 2 <= 1.
Proof.
case: p => a b /andP [/= a0 b0] u0 g h; have := gentleP a0 b0 Np u0 g h.
have n5 : 0 < nu ^+ 5 by rewrite exprn_gt0.
rewrite -(ler_pmul2l n5 (y * _)) mulr1; congr (_ <= _).
by rewrite /lineR /= -/nu; field; exact: lt0r_neq0.
Qed.
Lemma above_cost t u v ls y : (L == 2%N) || (L == 3%N) -> size ls = L.-1 -> all (fun l : line => Z.leb 0 l.1 && Z.leb 0 l.2) ls ->
  Z.leb 0 u -> (L = 2%N -> 0 < y + zR X / nu) -> everywhere (above L N X ls t) halvings u v -> zR u <= nu * y <= zR v ->
  (L = 3%N -> 0 <= dR (line2 ls) y) /\ zR t <= nu * cost ls y.
Proof.
move=> L23 sl nn u0 yX ev h.
have nun : nu != 0 := lt0r_neq0 N0.
have P z : zR u <= z <= zR v -> (L = 2%N -> 0 < z + zR X) -> (L = 3%N -> 0 <= dR (line2 ls) (z / nu)) /\ zR t <= nu * cost ls (z / nu).
  move: z; apply: (everywhereP (R := R) (P := fun z => (L = 2%N -> 0 < z + zR X) ->
    (L = 3%N -> 0 <= dR (line2 ls) (z / nu)) /\ zR t <= nu * cost ls (z / nu)) _ ev) => {ev h u0}u {}v.
  have lineE p x : zR p.1 * nu - zR p.2 * x = nu ^+ 2 * lineR p (x / nu).
    by rewrite /lineR; field.
  case/orP: L23 => /eqP L_; rewrite L_ in sl *.
    case: ls sl nn => [|[a b] [|]] //= _ /andP [/andP [a0 b0] _] ok x ux xX; split=> //.
    have := above2P b0 Np (xX erefl) ok ux; rewrite -/nu /cost L_ /cost2 /line1 /=.
    rewrite (lineE (a, b)) => /le_trans; apply; apply: eqW.
    have xn : x / nu + zR X / nu = (x + zR X) / nu by rewrite mulrDl.
    by rewrite xn; field; rewrite nun lt0r_neq0 // xX.
  case: ls sl nn => [|[a b] [|[e g] [|]]] //= _ _ ok x ux _.
  have := above3P Np ok ux; rewrite -/nu; set d := _ / _; have -> : d = dR (e, g) (x / nu).
    by rewrite /d priceE -/nu (lineE (e, g)) /dR; move: (lineR _ _) => q; field.
  rewrite (lineE (a, b)) => -[d0 h0]; split=> // ; apply: le_trans h0 _; apply: eqW.
  by rewrite /cost L_ /cost3 /line1 /line2 /=; move: (dR _ _) (lineR _ _) => d' q; field.
have := P _ h; rewrite [nu * y / nu]mulrAC divff // mul1r; apply=> L2; have := yX L2.
by rewrite -(pmulr_rgt0 _ N0) mulrDr [nu * (_ / _)]mulrC divfK.
Qed.

Lemma leafP known ls least : leaf_ok K L N X wanted known ls least -> within nu s known ->
  (L = 2%N -> forall y, y \in s -> 0 < y + zR X / nu) ->
  [/\ (L = 2 \/ L = 3)%N, 0 <= zR (line1 ls).2, (L = 3%N -> 0 <= zR (line2 ls).2),
      forall y, y \in s -> y * lineR (line1 ls) y ^+ 2 <= 1 &
      (L = 3%N -> forall y, y \in s -> 0 <= dR (line2 ls) y) /\ zR wanted <= nu * \sum_(y <- s) cost ls y].
Proof.
case/and5P => k0 /andP [L23 /eqP sl] nn /allP parts total w yX; set k := size known in parts total.
have one j : (j < K)%N -> let y := nth 0 s j in [/\ y * lineR (line1 ls) y ^+ 2 <= 1,
    (L = 3%N -> 0 <= dR (line2 ls) y) & zR (nth Z0 least (minn j k)) <= nu * cost ls y].
  move=> jK y; have ys : y \in s by rewrite mem_nth ?sK.
  have jin : minn j k \in iota 0 (minn K k.+1).
    by rewrite mem_iota /= add0n leq_min ltnS geq_minr andbT (leq_ltn_trans (geq_minl _ _)).
  have bE : box known (minn j k) = box known j.
    by case: leqP => // h; rewrite /box !nth_default // ltnW.
  have := parts _ jin; rewrite bE -minnA minnn; have := w j; rewrite sK => /(_ jK).
  case: (box known j) => u v /= uyv /and3P [u0 g ev].
  have [h1 h2] := above_cost L23 sl nn u0 (fun L2 => yX L2 _ ys) ev uyv.
  split=> //; apply: gentle_line g uyv => //.
  by case: (ls) L23 sl nn => [|l r]; [case/orP=> /eqP -> | move=> _ _ /= /andP []].
have l1 i : 0 <= zR (nth (Z0, Z0) ls i).2.
  have [h|h] := ltnP i (size ls); last by rewrite nth_default.
  by have /andP [_ /(zR_le R)] := allP nn _ (mem_nth (Z0, Z0) h).
have all_ (P : R -> Prop) : (forall j, (j < K)%N -> P (nth 0 s j)) -> forall y, y \in s -> P y.
  by move=> h y /(nthP 0) [j js <-]; apply: h; rewrite -sK.
split=> //.
- by case/orP: L23 => /eqP; [left | right].
- by rewrite /line1 -nth0; apply: l1.
- by move=> _; apply: l1.
- by apply: (all_ (fun y => y * lineR (line1 ls) y ^+ 2 <= 1)) => j /one [].
split; first by move=> L3; apply: (all_ (fun y => 0 <= dR (line2 ls) y)) => j /one [] _ h _; apply: h.
apply: le_trans (zR_le R total) _; rewrite zR_sum big_map mulr_sumr (big_nth 0) sK.
have -> : iota 0 K = index_iota 0 K by rewrite /index_iota subn0.
rewrite !big_mkord; apply: ler_sum => j _; by have [] := one j (ltn_ord j).
Qed.
End Leaf.
