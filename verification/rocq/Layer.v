(* A layer V after two columns F = relu (W X) >= 0: G = relu (V F) costs at least tr (A^-1 G^T G), A = F^T F, since A^-1 has
   no positive entry off its diagonal; and that at least sum_i (s_i of G)^2 / (s_i of F)^2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm ZTest Structure AllWeights Samples Two.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* a layer after features F, by an inverse Q of F^T F without positive entries off its diagonal *)
Lemma layer_cost (R : rcfType) (m d k : nat) (V : 'M[R]_(m, d)) (F : 'M[R]_(d, k)) (Q : 'M[R]_k) :
  (forall i j, i != j -> Q i j <= 0) -> Q *m (F^T *m F) = 1%:M ->
  \tr (Q^T *m ((relu (V *m F))^T *m relu (V *m F))) <= sqnorm V.
Proof.
move=> neg QA; have h := relu_part (V *m F) neg; set G := relu _ in h *.
have E : sqnorm (G *m Q *m F^T) = \tr (Q^T *m (G^T *m G)).
  rewrite sqE dot_mulr trmxK -[G *m Q *m F^T *m F]mulmxA -[G *m Q *m _]mulmxA QA mulmx1.
  by rewrite dotC /dot trmx_mul mxtrace_mulC -mulmxA.
have := sq_ge0 (V + (-1) *: (G *m Q *m F^T)); rewrite sq_add E -dot_mulr.
rewrite sqrrN expr1n mul1r mulrN1 mulNr dotC => h2; rewrite -subr_ge0; apply: le_trans h2 _.
rewrite -subr_ge0; move: h; set t := \tr _; set e := dot _ _; rewrite -subr_ge0 => h.
have -> : sqnorm V - t - (sqnorm V - 2 * e + t) = 2 * (e - t) by ring.
by rewrite mulr_ge0 ?ler0n.
Qed.

(* eigenvalues p >= q of one matrix [a b; b c] and p' >= q' of another: a product of traces is least where they are sorted *)
Lemma sorted_least (R : rcfType) (a b c p q a' b' c' p' q' : R) : q <= p -> q' <= p' ->
  p + q = a + c -> p * q = a * c - b ^+ 2 -> p' + q' = a' + c' -> p' * q' = a' * c' - b' ^+ 2 ->
  p' * q + q' * p <= c * a' + a * c' - 2 * b * b'.
Proof.
move=> pq pq' S D S' D'.
have sq_gap (u v e f g : R) : u + v = e + g -> u * v = e * g - f ^+ 2 -> (u - v) ^+ 2 = (e - g) ^+ 2 + 4 * f ^+ 2.
  move=> h1 h2; have -> : (u - v) ^+ 2 = (u + v) ^+ 2 - 4 * (u * v) by ring.
  by rewrite h1 h2; ring.
have g1 := sq_gap _ _ _ _ _ S D; have g2 := sq_gap _ _ _ _ _ S' D'.
pose y := (a - c) * (a' - c') + 4 * b * b'.
have y_le : y <= (p - q) * (p' - q').
  have z0 : 0 <= (p - q) * (p' - q') by rewrite mulr_ge0 ?subr_ge0.
  have [y0|y0] := lerP y 0; first exact: le_trans z0.
  rewrite -(ler_pexpn2r (_ : 0 < 2)%N) ?nnegrE ?(ltW y0) // exprMn g1 g2 -subr_ge0.
  have -> : ((a - c) ^+ 2 + 4 * b ^+ 2) * ((a' - c') ^+ 2 + 4 * b' ^+ 2) - y ^+ 2 =
    4 * ((a - c) * b' - b * (a' - c')) ^+ 2 by rewrite /y; ring.
  by rewrite mulr_ge0 ?ler0n ?sqr_ge0.
rewrite -subr_ge0.
have -> : c * a' + a * c' - 2 * b * b' - (p' * q + q' * p) = ((p - q) * (p' - q') - y) / 2 +
    ((a + c) * (a' + c') - (p + q) * (p' + q')) / 2 by rewrite /y; field.
by rewrite S S' subrr mul0r addr0 divr_ge0 ?ler0n // subr_ge0.
Qed.

Section Layer.
Variables (R : rcfType) (m d m' : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, 2)) (V : 'M[R]_(m', m)).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Notation G := (relu (V *m F)).
Let a := (F^T *m F) j0 j0. Let b := (F^T *m F) j0 j1. Let c := (F^T *m F) j1 j1.
Let a' := (G^T *m G) j0 j0. Let b' := (G^T *m G) j0 j1. Let c' := (G^T *m G) j1 j1.
Let S : s1 W X ^+ 2 + s2 W X ^+ 2 = a + c := squares W X.
Let D : s1 W X ^+ 2 * s2 W X ^+ 2 = a * c - b ^+ 2 := product W X.
Let S' : s1 V F ^+ 2 + s2 V F ^+ 2 = a' + c' := squares V F.
Let D' : s1 V F ^+ 2 * s2 V F ^+ 2 = a' * c' - b' ^+ 2 := product V F.
Let entry p (H : 'M[R]_(p, 2)) i j : (H^T *m H) i j = dot (col i H) (col j H).
Proof. by rewrite mxE dotE; apply: eq_bigr => l _; rewrite big_ord1 !mxE. Qed.
Let a0 : 0 <= a. Proof. by rewrite /a entry -sqE sq_ge0. Qed.
Let c0 : 0 <= c. Proof. by rewrite /c entry -sqE sq_ge0. Qed.
Let b0 : 0 <= b.
Proof. by rewrite /b mxE sumr_ge0 // => l _; rewrite !mxE mulr_ge0 ?le_maxr ?lexx. Qed.

Let column i : col i G = relu (V *m col i F).
Proof. by apply/matrixP => l z; rewrite !mxE; congr Num.max; apply: eq_bigr => k _; rewrite !mxE. Qed.
Let follow i j u v : 0 <= u -> 0 <= v -> u *: col i F = v *: col j F -> u *: col i G = v *: col j G.
Proof. by move=> u0 v0 E; rewrite !column -!reluZ // !scalemxAr E. Qed.

Lemma one_value : s2 W X = 0 -> s2 V F = 0.
Proof.
move=> z; have {z} E : a * c = b ^+ 2 by apply/eqP; rewrite -subr_eq0 -D z expr0n mulr0.
have bE : dot (col j1 F) (col j0 F) = b by rewrite dotC -entry.
have h1 : c *: col j0 F = b *: col j1 F.
  apply/eqP; rewrite -subr_eq0 -scaleNr; apply/eqP/sq_eq0; rewrite sq_add sqZ dotZl -/b !sqE -!entry -/a -/c -/b.
  have -> : c ^+ 2 * a + 2 * - b * (c * b) + (- b) ^+ 2 * c = c * (a * c - b ^+ 2) by ring.
  by rewrite E subrr mulr0.
have h2 : b *: col j0 F = a *: col j1 F.
  apply/eqP; rewrite -subr_eq0 -scaleNr; apply/eqP/sq_eq0; rewrite sq_add sqZ dotZl -/b !sqE -!entry -/a -/c -/b.
  have -> : b ^+ 2 * a + 2 * - a * (b * b) + (- a) ^+ 2 * c = a * (a * c - b ^+ 2) by ring.
  by rewrite E subrr mulr0.
have {h1} g1 := follow c0 b0 h1; have {h2} g2 := follow b0 a0 h2.
have bE' : dot (col j1 G) (col j0 G) = b' by rewrite dotC -entry.
have e1 : c * a' = b * b' by rewrite /a' entry -dotZl g1 dotZl bE'.
have e2 : c * b' = b * c' by rewrite /b' entry -dotZl g1 dotZl -entry.
have e3 : b * b' = a * c' by rewrite /b' entry -dotZl g2 dotZl -entry.
have e4 : b * a' = a * b' by rewrite /a' entry -dotZl g2 dotZl bE'.
have zero : (a + c) * (a' * c' - b' ^+ 2) = 0.
  have -> : (a + c) * (a' * c' - b' ^+ 2) = a' * (a * c') - b' * (a * b') + c * a' * c' - b' * (c * b') by ring.
  by rewrite -e3 -e4 e1 e2; ring.
have zero2 : s1 V F ^+ 2 * s2 V F ^+ 2 = 0 -> s2 V F = 0.
  move/eqP; rewrite mulf_eq0 !sqrf_eq0 => /orP [] /eqP // z.
  by apply/eqP; rewrite eq_le s2_ge0 andbT -z s2_le.
move/eqP: zero; rewrite mulf_eq0 => /orP [/eqP z|/eqP z]; last by apply: zero2; rewrite D'.
have : sq G <= sq V * sq F := le_trans (relu_sq _) (sq_mul _ _).
rewrite [sq F]sq_gram [sq G]sq_gram /mxtrace !sum2 -/a -/c -/a' -/c' z mulr0 -S'.
move=> h; apply/eqP; rewrite -sqrf_eq0 eq_le sqr_ge0 andbT; apply: le_trans h.
by rewrite ler_addr sqr_ge0.
Qed.
Lemma no_value : s1 W X = 0 -> s1 V F = 0.
Proof.
move=> z; have z2 : s2 W X = 0 by apply/eqP; rewrite eq_le s2_ge0 andbT -z s2_le.
have : sq G <= sq V * sq F := le_trans (relu_sq _) (sq_mul _ _).
rewrite [sq F]sq_gram [sq G]sq_gram /mxtrace !sum2 -/a -/c -/a' -/c' -S -S' z z2 expr0n addr0 mulr0.
move=> h; apply/eqP; rewrite -sqrf_eq0 eq_le sqr_ge0 andbT; apply: le_trans h.
by rewrite ler_addl sqr_ge0.
Qed.

(* what each singular value is multiplied by, squared *)
Definition gain1 : R := s1 V F ^+ 2 / s1 W X ^+ 2.
Definition gain2 : R := s2 V F ^+ 2 / s2 W X ^+ 2.
Lemma gain1E : s1 V F ^+ 2 = gain1 * s1 W X ^+ 2.
Proof.
have [z|n] := eqVneq (s1 W X) 0; first by rewrite no_value // z expr0n mulr0.
by rewrite /gain1 divfK // expf_neq0.
Qed.
Lemma gain2E : s2 V F ^+ 2 = gain2 * s2 W X ^+ 2.
Proof.
have [z|n] := eqVneq (s2 W X) 0; first by rewrite one_value // z expr0n mulr0.
by rewrite /gain2 divfK // expf_neq0.
Qed.
Lemma gain1_ge0 : 0 <= gain1. Proof. by rewrite divr_ge0 ?sqr_ge0. Qed.
Lemma gain2_ge0 : 0 <= gain2. Proof. by rewrite divr_ge0 ?sqr_ge0. Qed.

Theorem gains : gain1 + gain2 <= sq V.
Proof.
have [z|n2] := eqVneq (s2 W X) 0.
  rewrite /gain2 one_value // expr0n mul0r addr0 /gain1.
  have [z1|n1] := eqVneq (s1 W X) 0; first by rewrite no_value // expr0n mul0r sq_ge0.
  have : sq G <= sq V * sq F := le_trans (relu_sq _) (sq_mul _ _).
  rewrite [sq F]sq_gram [sq G]sq_gram /mxtrace !sum2 -/a -/c -/a' -/c' -S -S' z one_value // !expr0n !addr0.
  by rewrite ler_pdivr_mulr // lt_def sqr_ge0 andbT expf_neq0.
have p2 : 0 < s2 W X by rewrite lt_def n2 s2_ge0.
have p1 : 0 < s1 W X := lt_le_trans p2 (s2_le W X).
have Dp : 0 < s1 W X ^+ 2 * s2 W X ^+ 2 by rewrite mulr_gt0 ?exprn_gt0.
have dp : 0 < a * c - b ^+ 2 by rewrite -D.
pose Q := (a * c - b ^+ 2)^-1 *: rows2 c (- b) (- b) a.
have QT : Q^T = Q by rewrite /Q linearZ /=; congr (_ *: _); apply/matrixP; apply: all2; apply: all2; rewrite !mxE.
have neg i j : i != j -> Q i j <= 0.
  have h : (a * c - b ^+ 2)^-1 * - b <= 0 by rewrite mulr_ge0_le0 ?oppr_le0 // invr_ge0 ltW.
  by move: i j; apply: all2; apply: all2; rewrite // !mxE /=.
have QA : Q *m (F^T *m F) = 1%:M.
  rewrite gram2 -/a -/b -/c /Q -scalemxAl.
  have -> : rows2 c (- b) (- b) a *m rows2 a b b c = (a * c - b ^+ 2)%:M.
    by apply/matrixP; apply: all2; apply: all2; rewrite mxE sum2 !mxE /=; ring.
  by rewrite scale_scalar_mx mulVf // gt_eqF.
have := layer_cost V neg QA; apply: le_trans.
rewrite gram2 -/a' -/b' -/c' QT /Q -scalemxAl mxtraceZ /mxtrace sum2 !mxE !sum2 !mxE /=.
have sq_le (u v : R) : 0 <= u -> u <= v -> u ^+ 2 <= v ^+ 2 by move=> u0 uv; rewrite ler_expn2r ?nnegrE // (le_trans u0).
have o1 := sq_le _ _ (s2_ge0 W X) (s2_le W X); have o2 := sq_le _ _ (s2_ge0 V F) (s2_le V F).
have := sorted_least o1 o2 S D S' D'; rewrite -D /gain1 /gain2.
move: Dp; move: (s1 W X ^+ 2) (s2 W X ^+ 2) (exprn_gt0 2 p1) (exprn_gt0 2 p2) => p q pp qp Dp h.
rewrite [_^-1 * _]mulrC ler_pdivl_mulr //; move: h; congr (_ <= _); last by ring.
by move: (s1 V F ^+ 2) (s2 V F ^+ 2) => u v; field; rewrite !gt_eqF.
Qed.
End Layer.
